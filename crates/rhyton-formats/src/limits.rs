//! What a file may cost before it is refused. A file decides none of these sizes.
//!
//! Keras' own guards are laxer (4 GiB, or 1000 × what is stored); weights don't shrink that much.

/// `metadata.json`: two short strings.
pub(crate) const METADATA_BYTES_MAX: u64 = 1 << 20;
/// `config.json` and `rhyton.json`; parsed JSON takes up to 16 times its text.
pub(crate) const CONFIG_BYTES_MAX: u64 = 32 << 20;
/// The header of a safetensors file: about 100 bytes for each tensor.
pub(crate) const TENSOR_HEADER_BYTES_MAX: u64 = 16 << 20;
/// Members of an archive, files of a folder.
pub(crate) const MEMBERS_MAX: usize = 20_000;
/// Nested folders below `assets`.
pub(crate) const FOLDER_DEPTH_MAX: usize = 16;
/// What an archive or a weights file may grow to when it's small: zeros compress well.
pub(crate) const UNPACKED_BYTES_FLOOR: u64 = 256 << 20;
/// What it may grow to otherwise, as a multiple of its size.
pub(crate) const UNPACKED_RATIO_MAX: u64 = 100;
/// Nested groups in a weights file.
pub(crate) const GROUP_DEPTH_MAX: usize = 64;
/// Groups and variables in a weights file.
pub(crate) const OBJECTS_MAX: usize = 200_000;
/// Axes of a variable; HDF5 allows 32.
pub(crate) const RANK_MAX: usize = 32;
/// Bytes the HDF5 parser may ask for in all, as a multiple of the file: each is read a few times.
pub(crate) const PARSER_RATIO_MAX: u64 = 16;
/// The same for small files.
pub(crate) const PARSER_BYTES_FLOOR: u64 = 64 << 20;

/// The most that `stored` bytes of a file may unpack to.
pub(crate) fn unpacked_bytes_max(stored: u64) -> u64 {
    stored.saturating_mul(UNPACKED_RATIO_MAX).max(UNPACKED_BYTES_FLOOR)
}

/// The most that the HDF5 parser may read of a file of `stored` bytes.
pub(crate) fn parser_bytes_max(stored: u64) -> u64 {
    stored.saturating_mul(PARSER_RATIO_MAX).max(PARSER_BYTES_FLOOR)
}
