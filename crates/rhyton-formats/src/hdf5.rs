//! HDF5 as a tree: groups with text attributes, arrays and groups. Reading takes whatever h5py
//! writes (through `hdf5-pure`); writing makes what Keras' own files are made of.

mod element;
mod read;
mod write;

use std::collections::BTreeMap;

use rhyton_tensor::Array;

pub(crate) use read::read;
pub(crate) use write::{LIST_MAX, write};

/// The first bytes of an HDF5 file without a user block.
pub(crate) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// A group: what it holds, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Node {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) arrays: BTreeMap<String, Array>,
    pub(crate) groups: BTreeMap<String, Self>,
}

/// An attribute of text; others aren't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    Text(String),
    List(Vec<String>),
}

impl Attribute {
    /// The one text that it is.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(mut list) if list.len() == 1 => list.pop(),
            Self::List(_) => None,
        }
    }

    /// The texts that it lists. A list without any may have come as an empty text.
    pub(crate) fn into_list(self) -> Vec<String> {
        match self {
            Self::Text(text) if text.is_empty() => Vec::new(),
            Self::Text(text) => vec![text],
            Self::List(list) => list,
        }
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The path of a member of a group; the root's path is empty.
pub(crate) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhyton_tensor::DType;

    fn array(dtype: DType, shape: &[usize]) -> Array {
        let count = shape.iter().product::<usize>();
        let bytes: Vec<u8> =
            (0..count * dtype.size_bytes()).map(|i| (i * 37 % 251) as u8).collect();
        Array::from_bytes(dtype, shape, &bytes).unwrap()
    }

    #[test]
    fn every_element_type_and_shape_comes_back() {
        let mut node = Node::default();
        node.attributes.insert("name".to_owned(), "κέρας".into());
        node.attributes.insert("empty".to_owned(), "".into());
        let list = ["kernel:0", "", "κέρας"].map(str::to_owned).to_vec();
        node.attributes.insert("list".to_owned(), Attribute::List(list));
        node.attributes.insert("one".to_owned(), Attribute::List(vec!["bias:0".to_owned()]));
        for (index, dtype) in DType::ALL.into_iter().enumerate() {
            for shape in [&[][..], &[0, 3], &[5], &[2, 3, 1, 2]] {
                node.arrays.insert(format!("{index}-{}", shape.len()), array(dtype, shape));
            }
        }
        node.groups.insert("a".to_owned(), Node::default());
        let inner = Node { groups: [("b".to_owned(), node.clone())].into(), ..Node::default() };
        node.groups.insert("c d é".to_owned(), inner);
        assert_eq!(read(write(&node).unwrap()).unwrap(), node);
    }

    #[test]
    fn groups_of_many_members_come_back() {
        // Over 8 · 32 · 32 names the tree of a group has three levels.
        for count in [1, 8, 9, 256, 257, 8192, 8193] {
            let mut node = Node::default();
            for index in 0..count {
                let mut group = Node::default();
                group
                    .attributes
                    .insert("name".to_owned(), format!("layer {index}").as_str().into());
                node.groups.insert(format!("dense_{index}"), group);
            }
            let bytes = write(&node).unwrap();
            assert_eq!(bytes, write(&node).unwrap(), "the same tree gives the same bytes");
            assert_eq!(read(bytes).unwrap(), node, "{count}");
        }
    }

    #[test]
    fn a_long_attribute_comes_back() {
        let mut node = Node::default();
        node.attributes.insert("name".to_owned(), "x".repeat(100_000).as_str().into());
        node.attributes.insert("other".to_owned(), "y".repeat(4070).as_str().into());
        let names = (0..LIST_MAX).map(|index| format!("layer_{index}"));
        node.attributes.insert("list".to_owned(), Attribute::List(names.collect()));
        assert_eq!(read(write(&node).unwrap()).unwrap(), node);
        let names = (0..=LIST_MAX).map(|index| format!("layer_{index}"));
        node.attributes.insert("list".to_owned(), Attribute::List(names.collect()));
        assert!(write(&node).unwrap_err().to_string().contains("at most 4000"));
    }

    #[test]
    fn a_list_without_texts_is_none() {
        let empty = Attribute::List(Vec::new());
        let node = Node { attributes: [("list".to_owned(), empty)].into(), ..Node::default() };
        let mut back = read(write(&node).unwrap()).unwrap();
        assert!(back.attributes.remove("list").unwrap().into_list().is_empty());
    }

    #[test]
    fn groups_that_hold_themselves_end_in_an_error() {
        let members = ('a'..='h').map(|name| (name.to_string(), Node::default()));
        let mut bytes = write(&Node { groups: members.collect(), ..Node::default() }).unwrap();
        let root: [u8; 8] = bytes[64..72].try_into().unwrap();
        let table = bytes.windows(4).position(|window| window == b"SNOD").unwrap();
        for entry in 0..8 {
            bytes[table + 8 + entry * 40 + 8..][..8].copy_from_slice(&root);
        }
        let start = std::time::Instant::now();
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains("weights `/"), "{error}");
        assert!(start.elapsed().as_secs() < 5, "{error}: {:?}", start.elapsed());
    }

    #[test]
    fn what_is_no_hdf5_is_an_error() {
        for bytes in [&b""[..], b"PK\x03\x04", SIGNATURE, &[0; 4096]] {
            let error = read(bytes.to_vec()).unwrap_err().to_string();
            assert!(error.contains("weights `/`"), "{error}");
        }
    }
}
