//! MessagePack to JSON, for the filter `decode "msgpack"`.
//!
//! What JSON does not have becomes what comes closest: binary data and strings that are not UTF-8 are hexadecimal
//! digits, a timestamp is RFC 3339 text, another extension is `{"type": …, "data": …}`, NaN and the infinities are
//! null, and a key of a map that is not a string is its JSON text. The format is small enough to be read here in
//! one pass, with positions for errors; the crate `rmpv`, which has none and takes the reserved byte 0xc1 for nil,
//! is what the tests compare with.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Map, Number, Value as Json, json};

use crate::protocol::counted::counted;

/// The most arrays and maps inside of each other, as in JSON.
const MAX_DEPTH: usize = 128;
/// The most values: each takes far more memory than the one byte that it may be written with.
const MAX_VALUES: usize = 1 << 22;
/// The type of extension that is a timestamp.
const TIMESTAMP: i8 = -1;

/// Why data is not MessagePack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MsgpackError {
    /// Where, in bytes from 0.
    at: usize,
    reason: String,
}

impl fmt::Display for MsgpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not MessagePack: {} at byte {}", self.reason, self.at)
    }
}

/// The value that the data is.
///
/// # Errors
/// When it is malformed or truncated, when something follows the value, and when it is nested too deeply or has
/// too many values.
pub(super) fn decode(data: &[u8]) -> Result<Json, MsgpackError> {
    let mut decoder = Decoder { data, at: 0, values: 0 };
    let value = decoder.value(0)?;
    match data.len() - decoder.at {
        0 => Ok(value),
        rest => {
            let rest = counted(rest as u64, "more byte");
            Err(decoder.failed(decoder.at, format!("{rest} after the value")))
        }
    }
}

struct Decoder<'a> {
    data: &'a [u8],
    /// How much has been read.
    at: usize,
    values: usize,
}

impl<'a> Decoder<'a> {
    fn failed(&self, at: usize, reason: impl Into<String>) -> MsgpackError {
        MsgpackError { at, reason: reason.into() }
    }

    fn value(&mut self, depth: usize) -> Result<Json, MsgpackError> {
        let start = self.at;
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.failed(start, format!("more than {MAX_VALUES} values")));
        }
        let [marker] = self.bytes()?;
        Ok(match marker {
            0x00..=0x7f => marker.into(),
            0x80..=0x8f => self.map(usize::from(marker & 0x0f), depth, start)?,
            0x90..=0x9f => self.array(usize::from(marker & 0x0f), depth, start)?,
            0xa0..=0xbf => self.string(usize::from(marker & 0x1f))?,
            0xc0 => Json::Null,
            0xc1 => return Err(self.failed(start, "the reserved byte 0xc1")),
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xc4..=0xc6 => {
                let length = self.length(marker - 0xc4)?;
                HEXLOWER.encode(self.take(length)?).into()
            }
            0xc7..=0xc9 => {
                let length = self.length(marker - 0xc7)?;
                self.extension(length)?
            }
            0xca => float(f64::from(f32::from_be_bytes(self.bytes()?))),
            0xcb => float(f64::from_be_bytes(self.bytes()?)),
            0xcc => u8::from_be_bytes(self.bytes()?).into(),
            0xcd => u16::from_be_bytes(self.bytes()?).into(),
            0xce => u32::from_be_bytes(self.bytes()?).into(),
            0xcf => u64::from_be_bytes(self.bytes()?).into(),
            0xd0 => i8::from_be_bytes(self.bytes()?).into(),
            0xd1 => i16::from_be_bytes(self.bytes()?).into(),
            0xd2 => i32::from_be_bytes(self.bytes()?).into(),
            0xd3 => i64::from_be_bytes(self.bytes()?).into(),
            0xd4..=0xd8 => self.extension(1 << (marker - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.length(marker - 0xd9)?;
                self.string(length)?
            }
            0xdc | 0xdd => {
                let count = self.length(marker - 0xdc + 1)?;
                self.array(count, depth, start)?
            }
            0xde | 0xdf => {
                let count = self.length(marker - 0xde + 1)?;
                self.map(count, depth, start)?
            }
            0xe0..=0xff => marker.cast_signed().into(),
        })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], MsgpackError> {
        let rest = &self.data[self.at..];
        let taken = rest.get(..length).ok_or_else(|| {
            let missing = counted((length - rest.len()) as u64, "more byte");
            self.failed(self.data.len(), format!("truncated: {missing} expected"))
        })?;
        self.at += length;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], MsgpackError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    /// A length of 1, 2 or 4 bytes: 2 to the power of `exponent`.
    fn length(&mut self, exponent: u8) -> Result<usize, MsgpackError> {
        let bytes = self.take(1 << exponent)?;
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn string(&mut self, length: usize) -> Result<Json, MsgpackError> {
        let bytes = self.take(length)?;
        Ok(str::from_utf8(bytes).map_or_else(|_| HEXLOWER.encode(bytes), str::to_owned).into())
    }

    fn array(&mut self, count: usize, depth: usize, at: usize) -> Result<Json, MsgpackError> {
        self.check_depth(depth, at)?;
        let mut values = Vec::new(); // the count may be a lie
        for _ in 0..count {
            values.push(self.value(depth + 1)?);
        }
        Ok(values.into())
    }

    fn map(&mut self, count: usize, depth: usize, at: usize) -> Result<Json, MsgpackError> {
        self.check_depth(depth, at)?;
        let mut members = Map::new();
        for _ in 0..count {
            let key_at = self.at;
            let key = match self.value(depth + 1)? {
                Json::String(key) => key,
                // The text of such a key would be escaped once more on each level above.
                Json::Array(_) | Json::Object(_) => {
                    return Err(self.failed(key_at, "a key that is a map or an array".to_owned()));
                }
                key => key.to_string(),
            };
            let value = self.value(depth + 1)?;
            if members.contains_key(&key) {
                return Err(self.failed(key_at, format!("a second key {key:?} of the map")));
            }
            members.insert(key, value);
        }
        Ok(members.into())
    }

    fn check_depth(&self, depth: usize, at: usize) -> Result<(), MsgpackError> {
        match depth {
            MAX_DEPTH.. => Err(self.failed(at, format!("nested more than {MAX_DEPTH} deep"))),
            _ => Ok(()),
        }
    }

    fn extension(&mut self, length: usize) -> Result<Json, MsgpackError> {
        let kind = i8::from_be_bytes(self.bytes()?);
        let data = self.take(length)?;
        let date = timestamp(data).filter(|_| kind == TIMESTAMP);
        Ok(match date {
            Some(date) => date.to_string().into(),
            None => json!({"type": kind, "data": HEXLOWER.encode(data)}),
        })
    }
}

fn float(value: f64) -> Json {
    Number::from_f64(value).into()
}

/// The point in time of an extension's data; `None` if it is not one of the three forms, or out of range.
fn timestamp(data: &[u8]) -> Option<Timestamp> {
    let (seconds, nanoseconds) = match data.len() {
        4 => (i64::from(u32::from_be_bytes(data.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(data.try_into().ok()?);
            ((both & 0x3_ffff_ffff).cast_signed(), (both >> 34) as u32)
        }
        12 => {
            let (nanoseconds, seconds) = data.split_at(4);
            let nanoseconds = u32::from_be_bytes(nanoseconds.try_into().ok()?);
            (i64::from_be_bytes(seconds.try_into().ok()?), nanoseconds)
        }
        _ => return None,
    };
    let nanoseconds = i32::try_from(nanoseconds).ok().filter(|it| *it < 1_000_000_000)?;
    Timestamp::new(seconds, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(hex: &str) -> String {
        let hex: String = hex.split_whitespace().collect();
        let data = HEXLOWER.decode(hex.as_bytes()).expect("hex");
        decode(&data).map_or_else(|error| error.to_string(), |value| value.to_string())
    }

    /// From the table of formats of the specification.
    #[test]
    fn each_format_is_read() {
        for (hex, json) in [
            ("00", "0"),
            ("7f", "127"),
            ("e0", "-32"),
            ("ff", "-1"),
            ("c0", "null"),
            ("c2", "false"),
            ("c3", "true"),
            ("cc ff", "255"),
            ("cd ffff", "65535"),
            ("ce ffffffff", "4294967295"),
            ("cf ffffffffffffffff", "18446744073709551615"),
            ("d0 80", "-128"),
            ("d1 8000", "-32768"),
            ("d2 80000000", "-2147483648"),
            ("d3 8000000000000000", "-9223372036854775808"),
            ("ca 3fc00000", "1.5"),
            ("cb 3ff199999999999a", "1.1"),
            ("ca 7fc00000", "null"),
            ("cb fff0000000000000", "null"),
            ("a0", "\"\""),
            ("a2 c3a9", "\"é\""),
            ("d9 01 61", "\"a\""),
            ("da 0001 61", "\"a\""),
            ("db 00000001 61", "\"a\""),
            ("a1 ff", "\"ff\""),
            ("c4 02 00ff", "\"00ff\""),
            ("c5 0001 01", "\"01\""),
            ("c6 00000001 01", "\"01\""),
            ("90", "[]"),
            ("92 01 a1 61", "[1,\"a\"]"),
            ("dc 0001 c0", "[null]"),
            ("dd 00000001 c0", "[null]"),
            ("80", "{}"),
            ("82 a1 61 01 a1 62 90", "{\"a\":1,\"b\":[]}"),
            ("de 0001 a1 61 c3", "{\"a\":true}"),
            ("df 00000001 a1 61 c3", "{\"a\":true}"),
            ("83 01 02 c0 03 c3 04", "{\"1\":2,\"null\":3,\"true\":4}"),
            ("81 c4 01 ab 01", "{\"ab\":1}"),
            ("d4 05 aa", "{\"type\":5,\"data\":\"aa\"}"),
            ("d5 ff aabb", "{\"type\":-1,\"data\":\"aabb\"}"),
            ("c7 00 05", "{\"type\":5,\"data\":\"\"}"),
            ("c8 0001 05 aa", "{\"type\":5,\"data\":\"aa\"}"),
            ("c9 00000001 05 aa", "{\"type\":5,\"data\":\"aa\"}"),
            ("d6 ff 00000000", "\"1970-01-01T00:00:00Z\""),
            ("d7 ff 0000000400000001", "\"1970-01-01T00:00:01.000000001Z\""),
            ("c7 0c ff 00000000 ffffffffffffffff", "\"1969-12-31T23:59:59Z\""),
            (
                "c7 0c ff 00000000 7fffffffffffffff",
                "{\"type\":-1,\"data\":\"000000007fffffffffffffff\"}",
            ),
        ] {
            assert_eq!(decoded(hex), json, "{hex}");
        }
    }

    #[test]
    fn what_is_wrong_is_reported_with_its_byte() {
        for (hex, error) in [
            ("", "truncated: 1 more byte expected at byte 0"),
            ("92 01", "truncated: 1 more byte expected at byte 2"),
            ("a5 61 62", "truncated: 3 more bytes expected at byte 3"),
            ("cd 01", "truncated: 1 more byte expected at byte 2"),
            ("92 01 c1", "the reserved byte 0xc1 at byte 2"),
            ("01 02 03", "2 more bytes after the value at byte 1"),
            ("81 91 05 06", "a key that is a map or an array at byte 1"),
            ("82 01 02 a1 31 03", "a second key \"1\" of the map at byte 3"),
            ("dd ffffffff 01", "truncated: 1 more byte expected at byte 6"),
            ("c6 ffffffff 01", "truncated: 4294967294 more bytes expected at byte 6"),
        ] {
            assert_eq!(decoded(hex), format!("not MessagePack: {error}"), "{hex}");
        }
    }

    #[test]
    fn depth_and_the_number_of_values_are_bounded() {
        let nested = |depth: usize| decode(&[vec![0x91; depth], vec![0xc0]].concat());
        assert!(nested(MAX_DEPTH).is_ok());
        let error = nested(100_000).expect_err("too deep").to_string();
        assert_eq!(error, "not MessagePack: nested more than 128 deep at byte 128");
        // As text, a key in a key in a key would take twice the bytes at each level.
        let nested_keys = [vec![0x81; 40], vec![0xa1, 0x22], vec![0x01; 40]].concat();
        assert!(decode(&nested_keys).is_err());
        let keys = decode(&vec![0x81; 100_000]).expect_err("too deep");
        assert_eq!(keys.at, MAX_DEPTH);
        let many = [vec![0xdd, 0, 0x80, 0, 0], vec![0xc0; 0x80_0000]].concat();
        let error = decode(&many).expect_err("too many").to_string();
        assert!(error.starts_with("not MessagePack: more than 4194304 values"), "{error}");
    }

    fn values() -> impl Strategy<Value = rmpv::Value> {
        let leaf = prop_oneof![
            Just(rmpv::Value::Nil),
            any::<bool>().prop_map(rmpv::Value::from),
            any::<i64>().prop_map(rmpv::Value::from),
            any::<u64>().prop_map(rmpv::Value::from),
            any::<f64>().prop_map(rmpv::Value::from),
            ".{0,40}".prop_map(rmpv::Value::from),
        ];
        leaf.prop_recursive(4, 60, 20, |inner| {
            let members = prop::collection::btree_map("[a-z]{0,3}", inner.clone(), 0..20);
            prop_oneof![
                prop::collection::vec(inner, 0..20).prop_map(rmpv::Value::Array),
                members.prop_map(|members| {
                    let members = members.into_iter().map(|(key, value)| (key.into(), value));
                    rmpv::Value::Map(members.collect())
                }),
            ]
        })
    }

    fn expected(value: &rmpv::Value) -> Json {
        match value {
            rmpv::Value::Boolean(it) => (*it).into(),
            rmpv::Value::Integer(it) => match it.as_i64() {
                Some(it) => it.into(),
                None => it.as_u64().into(),
            },
            rmpv::Value::F64(it) => (*it).into(),
            rmpv::Value::String(it) => it.as_str().into(),
            rmpv::Value::Array(it) => it.iter().map(expected).collect(),
            rmpv::Value::Map(it) => it
                .iter()
                .map(|(key, value)| (key.as_str().unwrap_or_default(), expected(value)))
                .collect(),
            _ => Json::Null,
        }
    }

    proptest! {
        #[test]
        fn what_another_implementation_writes_is_read(value in values(), cut in any::<prop::sample::Index>()) {
            let mut data = Vec::new();
            rmpv::encode::write_value(&mut data, &value).expect("memory");
            prop_assert_eq!(decode(&data), Ok(expected(&value)));
            prop_assert!(decode(&data[..cut.index(data.len())]).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = decode(&data) {
                prop_assert!(error.at <= data.len());
            }
        }
    }
}
