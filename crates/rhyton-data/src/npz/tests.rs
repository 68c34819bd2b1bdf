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
fn large_arrays_stay_in_the_file() {
    let whole = read(&golden("stored")).unwrap();
    let array = |column: &Column| match column {
        Column::Array(array) => array.clone(),
        Column::Stored(stored) => stored.to_array().unwrap(),
    };
    let sizes = |name: &str, memory_bytes| -> Vec<(bool, Array)> {
        let columns = open(&golden(name), memory_bytes).unwrap();
        columns.iter().map(|(_, column)| (column.array().is_some(), array(column))).collect()
    };
    // Each member is a header of 128 bytes and 32 bytes of values.
    for (memory_bytes, in_memory) in
        [(0, [false, false]), (160, [true, false]), (320, [true, true])]
    {
        let found = sizes("stored", memory_bytes);
        assert_eq!(found.iter().map(|(memory, _)| *memory).collect::<Vec<_>>(), in_memory);
        assert!(found.iter().zip(&whole).all(|((_, found), (_, whole))| found == whole));
    }
    // Deflated members have no positions.
    assert!(sizes("deflated", 0).iter().all(|(memory, _)| *memory));
    let columns = open(&golden("stored"), 0).unwrap();
    let some = columns[0].1.select(&[3, 0, 1]).unwrap().slice(1, 3).unwrap();
    assert_eq!(array(&some), whole[0].1.rows(0, 2).unwrap());
    assert!(columns[0].1.slice(0, 5).is_err() && columns[0].1.select(&[4]).is_err());
}

#[test]
fn orders_and_types_of_elements_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder_of_goldens = golden("stored");
    let goldens = folder_of_goldens.parent().unwrap();
    for entry in std::fs::read_dir(goldens).unwrap() {
        let path = entry.unwrap().path();
        let Ok(whole) = npy::read(&path) else { continue };
        match npy::open(&path, 0).unwrap() {
            Column::Array(array) => assert_eq!(array, whole),
            Column::Stored(stored) => assert_eq!(stored.to_array().unwrap(), whole, "{path:?}"),
        }
    }
    let path = folder.path().join("cut.npz");
    let bytes = std::fs::read(golden("stored")).unwrap();
    for case in 0..500 {
        std::fs::write(&path, mutation(&bytes, case)).unwrap();
        for (_, column) in open(&path, 0).into_iter().flatten() {
            if let Column::Stored(stored) = column {
                stored.to_array().ok();
            }
        }
    }
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
