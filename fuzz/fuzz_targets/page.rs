#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wscope_fuzz::page::run(data));
