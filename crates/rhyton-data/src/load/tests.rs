use super::*;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens").join(name)
}

fn x(set: &Dataset) -> Vec<f32> {
    set.inputs[0].1.array().unwrap().view::<f32>().to_vec()
}

fn message(source: impl AsRef<Path>, options: &LoadOptions) -> String {
    load(source, options).unwrap_err().to_string()
}

#[test]
fn digits_are_scaled_unless_raw() {
    let mut options = LoadOptions { part: Part::Test, ..LoadOptions::default() };
    let scaled = load("digits", &options).unwrap();
    assert_eq!(scaled.inputs[0].1.shape(), &[2000, 28, 28]);
    assert_eq!(scaled.targets[0].dtype(), DType::I32);
    options.raw = true;
    let raw = load("digits", &options).unwrap();
    let largest = x(&raw).into_iter().fold(0.0, f32::max);
    assert_eq!(largest, 255.0);
    assert!(x(&raw).iter().zip(x(&scaled)).all(|(raw, scaled)| raw / 255.0 == scaled));
}

#[test]
fn files_are_known_by_their_content() {
    let options = LoadOptions::default();
    let npz = load(golden("several.npz"), &options).unwrap();
    assert_eq!(npz.inputs.len(), 2);
    assert_eq!(npz.targets[0].dtype(), DType::I32);
    assert_eq!(npz.validation.unwrap().rows().unwrap(), 2);
    let npy = load(golden("float32.npy"), &options).unwrap();
    assert_eq!((npy.inputs[0].1.shape(), npy.targets.len()), (&[2, 2][..], 0));
    let folder = tempfile::tempdir().unwrap();
    let idx = folder.path().join("images");
    fs::write(&idx, [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255]).unwrap();
    assert_eq!(x(&load(&idx, &options).unwrap()), [0.0, 1.0]);
    fs::write(&idx, "\x7fELF").unwrap();
    let text = message(&idx, &options);
    insta::assert_snapshot!(&text[text.find("images: ").unwrap()..], @r"images: first bytes: expected an .npz, .npy, .csv, IDX, PNG or JPEG file, received `\x7fELF`; convert the data, e.g. numpy.savez(file, x=images, y=labels)");
}

#[test]
fn kaggles_digits_are_images() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.CSV");
    fs::write(&path, "label,pixel0,pixel1\n7,0,255\n3,51,0\n").unwrap();
    let options = LoadOptions::default();
    let set = load(&path, &options).unwrap();
    assert_eq!((set.inputs[0].1.shape(), x(&set)), (&[2, 2][..], vec![0.0, 1.0, 0.2, 0.0]));
    assert_eq!(set.targets, [Array::from_slice(&[2], &[7_i32, 3]).unwrap().into()]);
    fs::write(&path, "pixel0\n255\n").unwrap();
    let set = load(&path, &options).unwrap();
    assert_eq!((x(&set), set.targets.len()), (vec![1.0], 0));
    fs::write(&path, "label,width\n1,255\n").unwrap();
    let set = load(&path, &options).unwrap();
    assert_eq!((x(&set), set.targets.len()), (vec![255.0], 1));
    fs::write(&path, "label\n1\n").unwrap();
    assert!(message(&path, &options).contains("at least one sample"));
    fs::write(&path, "").unwrap();
    assert!(message(&path, &options).contains("at least one sample"));
}

#[test]
fn named_sets_are_searched_in_the_given_folders_first() {
    let folder = tempfile::tempdir().unwrap();
    let options = LoadOptions { folders: vec![folder.path().to_owned()], ..LoadOptions::default() };
    let text = message("mnist", &options).replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(text, @"data: `mnist` was not found in FOLDER/mnist, /usr/share/datasets/mnist, /usr/local/share/datasets/mnist; put the four files train-images-idx3-ubyte.gz, … of https://storage.googleapis.com/cvdf-datasets/mnist into one of these, or pass the folder that holds them");
    let mnist = folder.path().join("mnist");
    fs::create_dir(&mnist).unwrap();
    assert!(message("mnist", &options).contains("train-images-idx3-ubyte"));
    fs::write(mnist.join("train-images-idx3-ubyte"), [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 255])
        .unwrap();
    fs::write(mnist.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 4]).unwrap();
    assert_eq!(load("mnist", &options).unwrap().targets[0].array().unwrap().view::<i32>(), &[4]);
    fs::write(mnist.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 4, 5]).unwrap();
    assert!(message("mnist", &options).contains("`y` has 2 rows but `x` has 1"));
}

#[test]
fn unknown_sources_are_explained() {
    let options = LoadOptions::default();
    insta::assert_snapshot!(message("Fashion_MNIST", &options), @"data: `Fashion_MNIST` is no file, no folder and none of the known names (digits, mnist, fashion-mnist) (did you mean `fashion-mnist`?); pass a path or one of these names");
    insta::assert_snapshot!(message("missing.npz", &options), @"missing.npz: can't open: No such file or directory (os error 2)");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let error = read_path(Path::new("/dev/null"), None, &LoadOptions::default()).unwrap_err();
    insta::assert_snapshot!(error, @"/dev/null: file: expected a regular file or a folder, received something else; write what comes through a pipe to a file first");
}
