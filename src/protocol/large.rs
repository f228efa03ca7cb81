//! Allocation of large vectors so that their memory is returned to the system when they are dropped.
//!
//! Once a block of up to 32 MiB has been freed, glibc allocates blocks of that size from its arenas, and
//! memory freed there is not returned to the system; there is one arena for every few threads. Larger
//! blocks are always mapped individually. Memory is committed as it is written to; until then a region is
//! only address space.

/// Vectors of up to this many bytes are allocated as usual.
const MAX_SMALL: usize = 1 << 20;

/// The minimum size of larger ones: more than the default message size limit too, so that they are not
/// copied as they grow.
pub(super) const REGION: usize =
    if cfg!(all(target_os = "linux", target_pointer_width = "64")) { 65 << 20 } else { 0 };

/// Reserves capacity for `additional` bytes.
pub fn reserve(bytes: &mut Vec<u8>, additional: usize) {
    let needed = bytes.len().saturating_add(additional);
    if needed <= bytes.capacity() {
        return;
    }
    if needed <= MAX_SMALL {
        return bytes.reserve(additional);
    }
    let capacity = needed.max(bytes.capacity().saturating_mul(2)).max(REGION);
    // If address space is limited, as by ulimit -v, only as much as needed is reserved.
    if bytes.try_reserve_exact(capacity - bytes.len()).is_err() {
        bytes.reserve(additional);
    }
}

/// The size of a large buffer of which `needed` bytes will be used: a whole region, if there is enough
/// address space.
pub(super) fn size_for(needed: usize) -> usize {
    let size = needed.max(REGION);
    let is_available = Vec::<u8>::new().try_reserve_exact(size).is_ok();
    if is_available { size } else { needed }
}

/// A copy of `data`.
pub fn copy(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    reserve(&mut bytes, data.len());
    bytes.extend_from_slice(data);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_grows_in_few_steps() {
        let (mut bytes, mut steps, mut capacity) = (Vec::new(), 0, 0);
        while bytes.len() < 4 * MAX_SMALL {
            reserve(&mut bytes, 1000);
            bytes.extend_from_slice(&[7; 1000]);
            steps += usize::from(bytes.capacity() != capacity);
            capacity = bytes.capacity();
        }
        assert!(steps < 20, "{steps}");
        assert!(capacity >= REGION);
        assert_eq!(copy(&bytes), bytes);
    }
}
