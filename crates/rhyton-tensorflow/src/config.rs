//! `tensorflow.ConfigProto` by hand: a protocol buffer is a run of (field number, value), and the
//! few fields in use do not justify a generator.

/// `map<string, int32> device_count`.
const DEVICE_COUNT: u64 = 1;
const INTRA_OP_PARALLELISM_THREADS: u64 = 2;
const INTER_OP_PARALLELISM_THREADS: u64 = 5;

const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;

/// The configuration of a session on the CPU: GPUs that the library could use are left alone; 0
/// threads lets TensorFlow choose.
pub(crate) fn cpu(intra_op_threads: usize, inter_op_threads: usize) -> Vec<u8> {
    let mut no_gpu = Vec::new();
    text(&mut no_gpu, 1, "GPU");
    number(&mut no_gpu, 2, 0);
    let mut config = Vec::new();
    bytes(&mut config, DEVICE_COUNT, &no_gpu);
    number(
        &mut config,
        INTRA_OP_PARALLELISM_THREADS,
        intra_op_threads.min(i32::MAX as usize) as u64,
    );
    number(
        &mut config,
        INTER_OP_PARALLELISM_THREADS,
        inter_op_threads.min(i32::MAX as usize) as u64,
    );
    config
}

fn number(message: &mut Vec<u8>, field: u64, value: u64) {
    varint(message, field << 3 | VARINT);
    varint(message, value);
}

fn text(message: &mut Vec<u8>, field: u64, value: &str) {
    bytes(message, field, value.as_bytes());
}

fn bytes(message: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(message, field << 3 | LENGTH_DELIMITED);
    varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

/// Seven bits a byte, low ones first; the top bit says that more follow.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python, TensorFlow 2.21: `ConfigProto(device_count={"GPU": 0},
    /// intra_op_parallelism_threads=300, inter_op_parallelism_threads=2).SerializeToString()`.
    #[test]
    fn the_bytes_are_a_config_proto() {
        assert_eq!(cpu(300, 2), b"\x0a\x07\x0a\x03GPU\x10\x00\x10\xac\x02\x28\x02");
    }
}
