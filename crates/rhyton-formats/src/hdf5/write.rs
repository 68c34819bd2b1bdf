use rhyton_tensor::{Array, DType};

use super::{Attribute, Node, element, joined};
use crate::limits::RANK_MAX;
use crate::{Error, Result};

/// HDF5's "no address".
const UNDEFINED: u64 = u64::MAX;
/// Names in a symbol table node; twice the superblock's `group leaf node K`.
const LEAF_NAMES: usize = 8;
/// Children of a tree node; twice the superblock's `group internal node K`.
const TREE_CHILDREN: usize = 32;
const TREE_BYTES: usize = 24 + TREE_CHILDREN * 8 + (TREE_CHILDREN + 1) * 8;
const SYMBOL_BYTES: usize = 40;
const SUPERBLOCK_BYTES: usize = 96;
/// The least that a collection of strings takes.
const COLLECTION_BYTES: usize = 4096;
/// Texts in one attribute: a message holds 64 KiB, and each takes 16 bytes of it.
pub(crate) const LIST_MAX: usize = 4000;

/// An HDF5 file of the oldest kind, as h5py writes it for Keras: superblock 0, symbol tables,
/// contiguous little-endian data, strings in a global heap. The same tree gives the same bytes.
///
/// # Errors
/// [`Error::Name`] for a name that HDF5 can't hold or that two members of a group share.
///
/// Source: "HDF5 File Format Specification", version 3.0, sections II.A to IV.
pub(crate) fn write(root: &Node) -> Result<Vec<u8>> {
    let mut writer = Writer { out: vec![0; SUPERBLOCK_BYTES], heap: None };
    let group = writer.group(root, "")?;
    writer.close_collection();
    writer.superblock(&group);
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    heap: Option<Collection>,
}

/// A collection of strings that is still open; the last one of a file is the only one with room.
struct Collection {
    start: usize,
    used: usize,
    size: usize,
    count: u16,
}

/// One entry of a symbol table.
struct Symbol<'a> {
    name: &'a str,
    header: u64,
    /// Tree and names, if the member is a group.
    table: Option<(u64, u64)>,
}

impl Writer {
    /// Writes a group behind its members.
    fn group<'a>(&mut self, node: &'a Node, path: &str) -> Result<Symbol<'a>> {
        let mut symbols = Vec::with_capacity(node.arrays.len() + node.groups.len());
        for (name, array) in &node.arrays {
            check_name(path, name, node.groups.contains_key(name))?;
            let header = self.dataset(array, &joined(path, name))?;
            symbols.push(Symbol { name, header, table: None });
        }
        for (name, child) in &node.groups {
            check_name(path, name, false)?;
            symbols.push(Symbol { name, ..self.group(child, &joined(path, name))? });
        }
        symbols.sort_by_key(|symbol| symbol.name);
        let (names, offsets) = self.names(&symbols);
        let tree = self.tree(&symbols, &offsets);
        let mut table = tree.to_le_bytes().to_vec();
        table.extend(names.to_le_bytes());
        let mut messages = vec![message(0x11, 0, &table)];
        for (name, value) in &node.attributes {
            messages.push(self.attribute(name, value)?);
        }
        Ok(Symbol { name: "", header: self.header(&messages), table: Some((tree, names)) })
    }

    /// The local heap of a group's names, and where in it each one is.
    fn names(&mut self, symbols: &[Symbol<'_>]) -> (u64, Vec<u64>) {
        let mut text = vec![0; 8];
        let mut offsets = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            offsets.push(text.len() as u64);
            text.extend(symbol.name.as_bytes());
            text.push(0);
            pad(&mut text);
        }
        let address = self.start();
        self.out.extend(b"HEAP\0\0\0\0");
        self.u64(text.len() as u64);
        // 1: no free block.
        self.u64(1);
        self.u64(address + 32);
        self.out.extend(text);
        (address, offsets)
    }

    /// The tree over a group's members, bottom up; the address of its root.
    fn tree(&mut self, symbols: &[Symbol<'_>], offsets: &[u64]) -> u64 {
        let chunks = symbols.chunks(LEAF_NAMES).zip(offsets.chunks(LEAF_NAMES));
        let mut children: Vec<(u64, u64)> =
            chunks.map(|(symbols, offsets)| self.leaf(symbols, offsets)).collect();
        for level in 0.. {
            children = self.tree_level(level, &children);
            if children.len() == 1 {
                break;
            }
        }
        children[0].0
    }

    /// A symbol table node; its address and the heap offset of its last name.
    fn leaf(&mut self, symbols: &[Symbol<'_>], offsets: &[u64]) -> (u64, u64) {
        let address = self.start();
        self.out.extend(b"SNOD\x01\0");
        self.out.extend((symbols.len() as u16).to_le_bytes());
        for (symbol, &offset) in symbols.iter().zip(offsets) {
            self.symbol(symbol, offset);
        }
        self.out.resize(address as usize + 8 + LEAF_NAMES * SYMBOL_BYTES, 0);
        (address, offsets.last().copied().unwrap_or(0))
    }

    fn symbol(&mut self, symbol: &Symbol<'_>, offset: u64) {
        self.u64(offset);
        self.u64(symbol.header);
        self.u64(u64::from(symbol.table.is_some()));
        let (tree, names) = symbol.table.unwrap_or((0, 0));
        self.u64(tree);
        self.u64(names);
    }

    /// Tree nodes over `children`, each given as its address and the heap offset of its last name.
    fn tree_level(&mut self, level: u8, children: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let first = self.start();
        let count = children.len().div_ceil(TREE_CHILDREN).max(1);
        let address = |index: usize| first + (index * TREE_BYTES) as u64;
        let mut nodes = Vec::with_capacity(count);
        // The names of child i lie after key i, up to and with key i + 1.
        let mut key = 0;
        for index in 0..count {
            let from = index * TREE_CHILDREN;
            let own = &children[from..children.len().min(from + TREE_CHILDREN)];
            self.out.extend([b'T', b'R', b'E', b'E', 0, level]);
            self.out.extend((own.len() as u16).to_le_bytes());
            self.u64(if index == 0 { UNDEFINED } else { address(index - 1) });
            self.u64(if index + 1 == count { UNDEFINED } else { address(index + 1) });
            self.u64(key);
            for &(child, last) in own {
                self.u64(child);
                self.u64(last);
                key = last;
            }
            self.out.resize(address(index + 1) as usize, 0);
            nodes.push((address(index), key));
        }
        nodes
    }

    fn dataset(&mut self, array: &Array, path: &str) -> Result<u64> {
        if array.rank() > RANK_MAX {
            let what = format!("weights `/{path}`: axes");
            let (limit, received) = (RANK_MAX as u64, array.rank() as u64);
            return Err(Error::TooLarge { what, limit, received });
        }
        let mut space = vec![1, array.rank() as u8, 0, 0, 0, 0, 0, 0];
        for &size in array.shape() {
            space.extend((size as u64).to_le_bytes());
        }
        let mut layout = vec![3, 1];
        let address = if array.is_empty() { UNDEFINED } else { self.start() };
        self.out.extend(array.bytes());
        layout.extend(address.to_le_bytes());
        layout.extend((array.bytes().len() as u64).to_le_bytes());
        let mut messages = vec![
            message(0x01, 0, &space),
            message(0x03, 1, &element::message(array.dtype())),
            // Allocated late, filled if set, set to nothing.
            message(0x05, 1, &[2, 2, 2, 1, 0, 0, 0, 0]),
            message(0x08, 0, &layout),
        ];
        if array.dtype() == DType::BF16 {
            messages.push(self.attribute("dtype", &element::BFLOAT16.into())?);
        }
        Ok(self.header(&messages))
    }

    /// An attribute message: variable-length UTF-8 strings, as h5py writes a `str` or several.
    fn attribute(&mut self, name: &str, value: &Attribute) -> Result<Vec<u8>> {
        const TEXT: [u8; 20] = [0x19, 1, 1, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];
        let (texts, space) = match value {
            Attribute::Text(text) => (std::slice::from_ref(text), vec![1, 0, 0, 0, 0, 0, 0, 0]),
            Attribute::List(list) => {
                let mut space = vec![1, 1, 0, 0, 0, 0, 0, 0];
                space.extend((list.len() as u64).to_le_bytes());
                (list.as_slice(), space)
            }
        };
        if texts.len() > LIST_MAX {
            let (limit, received) = (LIST_MAX as u64, texts.len() as u64);
            return Err(Error::TooLarge { what: format!("texts in `{name}`"), limit, received });
        }
        let mut body = vec![1, 0];
        for size in [name.len() + 1, TEXT.len(), space.len()] {
            body.extend((size as u16).to_le_bytes());
        }
        body.extend(name.as_bytes());
        body.push(0);
        pad(&mut body);
        body.extend(TEXT);
        pad(&mut body);
        body.extend(space);
        for text in texts {
            let (collection, index) = self.string(text.as_bytes());
            body.extend((text.len() as u32).to_le_bytes());
            body.extend(collection.to_le_bytes());
            body.extend(index.to_le_bytes());
        }
        Ok(message(0x0c, 0, &body))
    }

    /// Puts a string into the global heap; the address of its collection and its index there.
    fn string(&mut self, value: &[u8]) -> (u64, u32) {
        const OBJECT_HEADER: usize = 16;
        if value.is_empty() {
            return (0, 0);
        }
        let needed = OBJECT_HEADER + value.len().next_multiple_of(8);
        let full = |heap: &Collection| heap.used + needed + OBJECT_HEADER > heap.size;
        if self.heap.as_ref().is_none_or(full) {
            self.close_collection();
            let start = self.start() as usize;
            let size = COLLECTION_BYTES.max(needed + 2 * OBJECT_HEADER).next_multiple_of(8);
            self.out.resize(start + size, 0);
            self.out[start..start + 8].copy_from_slice(b"GCOL\x01\0\0\0");
            self.out[start + 8..start + 16].copy_from_slice(&(size as u64).to_le_bytes());
            self.heap = Some(Collection { start, used: OBJECT_HEADER, size, count: 0 });
        }
        let heap = self.heap.as_mut().expect("a collection was opened above if there was none");
        heap.count += 1;
        let at = heap.start + heap.used;
        heap.used += needed;
        self.out[at..at + 2].copy_from_slice(&heap.count.to_le_bytes());
        self.out[at + 8..at + 16].copy_from_slice(&(value.len() as u64).to_le_bytes());
        self.out[at + 16..at + 16 + value.len()].copy_from_slice(value);
        (heap.start as u64, u32::from(heap.count))
    }

    /// Marks the rest of the open collection as free: object 0.
    fn close_collection(&mut self) {
        if let Some(heap) = self.heap.take() {
            let at = heap.start + heap.used;
            let free = (heap.size - heap.used) as u64;
            self.out[at + 8..at + 16].copy_from_slice(&free.to_le_bytes());
        }
    }

    /// An object header of version 1 over its messages.
    fn header(&mut self, messages: &[Vec<u8>]) -> u64 {
        let address = self.start();
        let size: usize = messages.iter().map(Vec::len).sum();
        self.out.extend([1, 0]);
        self.out.extend((messages.len() as u16).to_le_bytes());
        self.out.extend(1_u32.to_le_bytes());
        self.u64(size as u64);
        for message in messages {
            self.out.extend(message);
        }
        address
    }

    fn superblock(&mut self, root: &Symbol<'_>) {
        pad(&mut self.out);
        let end = self.out.len() as u64;
        let body = std::mem::take(&mut self.out);
        self.out.extend(super::SIGNATURE);
        // Versions 0; 8-byte addresses and lengths.
        self.out.extend([0, 0, 0, 0, 0, 8, 8, 0]);
        self.out.extend([LEAF_NAMES as u8 / 2, 0, TREE_CHILDREN as u8 / 2, 0, 0, 0, 0, 0]);
        for word in [0, UNDEFINED, end, UNDEFINED] {
            self.u64(word);
        }
        self.symbol(root, 0);
        let head = std::mem::replace(&mut self.out, body);
        self.out[..head.len()].copy_from_slice(&head);
    }

    /// The address of what is written next.
    fn start(&mut self) -> u64 {
        pad(&mut self.out);
        self.out.len() as u64
    }

    fn u64(&mut self, value: u64) {
        self.out.extend(value.to_le_bytes());
    }
}

/// A header message: type, size, flags, body.
fn message(kind: u16, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((body.len().next_multiple_of(8) as u16).to_le_bytes());
    bytes.extend([flags, 0, 0, 0]);
    bytes.extend(body);
    pad(&mut bytes);
    bytes
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

fn check_name(path: &str, name: &str, twice: bool) -> Result<()> {
    let plain = !name.is_empty() && name != "." && !name.contains(['/', '\0']);
    if plain && !twice {
        return Ok(());
    }
    let expected = if twice {
        "a name that no other member of the group has"
    } else {
        "one path component without `/`, not empty and not `.`"
    };
    Err(Error::Name { what: "weights", name: joined(path, name), expected })
}
