use std::fs;
use std::time::{Duration, Instant};

use rhyton_formats::{Format, read_bytes};

use crate::goldens::folder;

const ARCHIVES: [&str; 5] =
    ["sequential.keras", "functional.keras", "dtypes.keras", "dialect.keras", "chunked.keras"];
const PLAIN: [&str; 5] =
    ["tf_keras.h5", "tf_keras_weights.h5", "split_names.h5", "keras.h5", "keras.weights.h5"];
const MUTATIONS_PER_FILE: u64 = 200;

/// xorshift64: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = 0xff,
            2 => bytes[at] = 0,
            3 => bytes[at] = random.below(256) as u8,
            4 => {
                let from = random.below(bytes.len());
                let length = (bytes.len() - at.max(from)).min(random.below(64));
                bytes.copy_within(from..from + length, at);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
    if random.below(8) == 0 {
        bytes.truncate(random.below(bytes.len()));
    }
}

/// Every mutation is read or refused: no panic, and no time to speak of. The checksums of an
/// archive catch most, so the weights inside are also mutated before they are packed.
#[test]
fn damaged_archives_are_read_or_refused() {
    let mut random = Random(0x5eed);
    let mut tally = Tally::default();
    for name in ARCHIVES {
        let bytes = fs::read(folder().join(name)).unwrap();
        let model = unpacked(&bytes);
        for index in 0..MUTATIONS_PER_FILE {
            let damaged = if index % 4 == 0 {
                let mut damaged = bytes.clone();
                mutate(&mut damaged, &mut random);
                damaged
            } else {
                let mut members = model.clone();
                let member = random.below(members.len());
                // Most of what can go wrong is in the weights.
                let member = if index % 8 == 1 { member } else { weights_at(&members) };
                mutate(&mut members[member].1, &mut random);
                packed(&members)
            };
            tally.read(&damaged, &format!("{name} {index}"));
        }
    }
    tally.assert_both();
}

#[test]
fn damaged_h5_files_are_read_or_refused() {
    let mut tally = Tally::default();
    for name in PLAIN {
        tally.mutations(&fs::read(folder().join(name)).unwrap(), name);
    }
    tally.assert_both();
}

#[test]
fn damaged_weights_by_path_are_read_or_refused() {
    let npz = fs::read(folder().join("keras.npz")).unwrap();
    let named = read_bytes(&npz).unwrap();
    let safetensors = Format::of("x.safetensors").unwrap().write_bytes(&named).unwrap();
    let mut tally = Tally::default();
    tally.mutations(&safetensors, "safetensors");
    tally.mutations(&npz, "npz");
    let mut random = Random(0x5eed);
    let members = unpacked(&npz);
    for index in 0..MUTATIONS_PER_FILE {
        let mut members = members.clone();
        let member = random.below(members.len());
        mutate(&mut members[member].1, &mut random);
        tally.read(&packed(&members), &format!("npz, inside {index}"));
    }
    tally.assert_both();
}

/// How many files were read and how many refused.
#[derive(Default)]
struct Tally {
    read: u64,
    refused: u64,
}

impl Tally {
    fn mutations(&mut self, bytes: &[u8], name: &str) {
        let mut random = Random(0x5eed);
        for index in 0..MUTATIONS_PER_FILE {
            let mut damaged = bytes.to_vec();
            mutate(&mut damaged, &mut random);
            self.read(&damaged, &format!("{name} {index}"));
        }
    }

    fn read(&mut self, bytes: &[u8], what: &str) {
        let start = Instant::now();
        match read_bytes(bytes) {
            Ok(_) => self.read += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                self.refused += 1;
            }
        }
        let spent = start.elapsed();
        assert!(spent < Duration::from_secs(2), "{what}: {spent:?}");
    }

    fn assert_both(&self) {
        let Self { read, refused } = self;
        assert!(*read > 20 && *refused > 20, "{read} read, {refused} refused: no test");
    }
}

type Member = (String, Vec<u8>);

fn weights_at(members: &[Member]) -> usize {
    members.iter().position(|(name, _)| name == "model.weights.h5").unwrap()
}

fn unpacked(bytes: &[u8]) -> Vec<Member> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut members = Vec::new();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        members.push((member.name().unwrap().into_owned(), bytes));
    }
    members
}

fn packed(members: &[Member]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
