use std::path::PathBuf;

use super::*;
use crate::bounded::mutation;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("goldens/{name}.npz"))
}

#[test]
fn stored_and_deflated_members_are_read_in_order() {
    let x: Vec<f32> = (0..8).map(|value| value as f32).collect();
    let expected = [
        ("x".to_owned(), Array::from_slice(&[4, 2], &x).unwrap()),
        ("y".to_owned(), Array::from_slice(&[4], &[0_i64, 1, 0, 1]).unwrap()),
    ];
    assert_eq!(read(&golden("stored")).unwrap(), expected);
    assert_eq!(read(&golden("deflated")).unwrap(), expected);
    let names: Vec<String> =
        read(&golden("several")).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["x1", "x0", "y", "sample_weight", "x0_val", "x1_val", "y_val"]);
}

#[test]
fn another_packing_is_refused() {
    let message = read(&golden("bzip2")).unwrap_err().to_string();
    insta::assert_snapshot!(&message[message.find("bzip2.npz").unwrap()..], @"bzip2.npz: array `x`: expected data that is stored or deflated, received compression method not supported: 12; pack it again, e.g. with numpy.savez_compressed");
    let message = read(&golden("stored").with_file_name("uint8.npy")).unwrap_err().to_string();
    insta::assert_snapshot!(&message[message.find("uint8.npy").unwrap()..], @"uint8.npy: archive: expected a zip archive of .npy members, received invalid Zip archive: Could not find EOCD; the archive is damaged, encrypted, or packed by a method other than stored and deflate; write it again with numpy.savez");
}

#[test]
fn a_changed_value_fails_the_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.npz");
    let mut bytes = std::fs::read(golden("stored")).unwrap();
    let seven = 7.0_f32.to_le_bytes();
    let place = bytes.windows(4).position(|window| window == seven).unwrap();
    bytes[place] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let message = read(&path).unwrap_err().to_string();
    assert!(message.contains("array `x`: expected intact data"), "{message}");
}

#[test]
fn archives_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    let arrays = [
        ("y1".to_owned(), Array::scalar(2.5_f64)),
        ("a/b".to_owned(), Array::zeros(rhyton_tensor::DType::F16, &[0, 2])),
    ];
    write(&path, arrays.iter().map(|(name, array)| (name.as_str(), array))).unwrap();
    assert_eq!(read(&path).unwrap(), arrays);
    let twice = [("y", &arrays[0].1), ("y", &arrays[1].1)];
    assert!(matches!(write(&path, twice), Err(Error::DuplicateName { .. })));
    assert_eq!(read(&path).unwrap(), arrays);
}

#[test]
fn mutated_archives_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mutated.npz");
    for name in ["stored", "deflated", "several"] {
        let original = std::fs::read(golden(name)).unwrap();
        let accepted = (0..500).filter(|&case| {
            std::fs::write(&path, mutation(&original, case)).unwrap();
            read(&path).is_ok()
        });
        let accepted = accepted.count();
        assert!((1..500).contains(&accepted), "{name}: {accepted}");
    }
}
