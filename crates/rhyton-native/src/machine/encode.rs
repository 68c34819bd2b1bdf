//! Instructions of x86-64 as bytes: what chains need of VEX (256 bits) and EVEX (512 bits).
//!
//! Source: Intel's Software Developer's Manual, volume 2, sections 2.3 and 2.7.

/// The width of vectors, and with it how instructions are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// 8 lanes, VEX.
    Ymm,
    /// 16 lanes, EVEX.
    Zmm,
}

impl Width {
    pub(super) fn lanes(self) -> usize {
        match self {
            Self::Ymm => 8,
            Self::Zmm => 16,
        }
    }

    /// Bytes of a vector.
    pub(super) fn bytes(self) -> usize {
        4 * self.lanes()
    }
}

/// A general register by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gpr(pub(super) u8);

/// The number of the first element of the vector at work.
pub(super) const INDEX: Gpr = Gpr(0);
pub(super) const RSP: Gpr = Gpr(4);
pub(super) const RBP: Gpr = Gpr(5);
/// The number of elements: the second argument.
pub(super) const COUNT: Gpr = Gpr(6);
/// The table of pointers: the first argument.
pub(super) const TABLE: Gpr = Gpr(7);

/// A vector instruction's opcode: its map (1 is 0F, 2 is 0F38, 3 is 0F3A), its prefix (1 is 66, 2 is
/// F3, 3 is F2), its byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opcode {
    map: u8,
    prefix: u8,
    byte: u8,
    /// 128 bits, whatever the width of vectors.
    narrow: bool,
}

const fn opcode(map: u8, prefix: u8, byte: u8) -> Opcode {
    Opcode { map, prefix, byte, narrow: false }
}

const fn narrow(map: u8, prefix: u8, byte: u8) -> Opcode {
    Opcode { map, prefix, byte, narrow: true }
}

pub(super) const LOAD: Opcode = opcode(1, 0, 0x10);
pub(super) const STORE: Opcode = opcode(1, 0, 0x11);
pub(super) const MOVE: Opcode = opcode(1, 0, 0x28);
pub(super) const BROADCAST: Opcode = opcode(2, 1, 0x18);
pub(super) const ADD: Opcode = opcode(1, 0, 0x58);
pub(super) const SUBTRACT: Opcode = opcode(1, 0, 0x5C);
pub(super) const MULTIPLY: Opcode = opcode(1, 0, 0x59);
pub(super) const DIVIDE: Opcode = opcode(1, 0, 0x5E);
pub(super) const MINIMUM: Opcode = opcode(1, 0, 0x5D);
pub(super) const MAXIMUM: Opcode = opcode(1, 0, 0x5F);
pub(super) const SQUARE_ROOT: Opcode = opcode(1, 0, 0x51);
/// reg = reg · rm + vvvv
pub(super) const FMA_132: Opcode = opcode(2, 1, 0x98);
/// reg = vvvv · reg + rm
pub(super) const FMA_213: Opcode = opcode(2, 1, 0xA8);
/// reg = vvvv · rm + reg
pub(super) const FMA_231: Opcode = opcode(2, 1, 0xB8);
pub(super) const ROUND: Opcode = opcode(3, 1, 0x08);
pub(super) const COMPARE: Opcode = opcode(1, 0, 0xC2);
/// EVEX only: rm where the mask is set, else vvvv.
pub(super) const BLEND: Opcode = opcode(2, 1, 0x65);
/// VEX only: rm where the mask in the immediate is set, else vvvv.
pub(super) const BLEND_BY_VECTOR: Opcode = opcode(3, 1, 0x4A);
pub(super) const TO_INT: Opcode = opcode(1, 1, 0x5B);
pub(super) const TO_INT_TRUNCATED: Opcode = opcode(1, 2, 0x5B);
pub(super) const TO_FLOAT: Opcode = opcode(1, 0, 0x5B);
pub(super) const INT_ADD: Opcode = opcode(1, 1, 0xFE);
pub(super) const INT_SUBTRACT: Opcode = opcode(1, 1, 0xFA);
pub(super) const INT_MULTIPLY: Opcode = opcode(2, 1, 0x40);
pub(super) const INT_MINIMUM: Opcode = opcode(2, 1, 0x39);
pub(super) const INT_MAXIMUM: Opcode = opcode(2, 1, 0x3D);
pub(super) const WORD_MINIMUM: Opcode = opcode(2, 1, 0x3B);
pub(super) const WORD_MAXIMUM: Opcode = opcode(2, 1, 0x3F);
pub(super) const AND: Opcode = opcode(1, 1, 0xDB);
pub(super) const OR: Opcode = opcode(1, 1, 0xEB);
pub(super) const XOR: Opcode = opcode(1, 1, 0xEF);
/// Shifts by an immediate: vvvv = rm shifted, reg says which way.
pub(super) const SHIFT: Opcode = opcode(1, 1, 0x72);
pub(super) const SHIFT_LEFT_BY: Opcode = opcode(2, 1, 0x47);
pub(super) const SHIFT_RIGHT_BY: Opcode = opcode(2, 1, 0x45);
pub(super) const SHIFT_SIGNED_BY: Opcode = opcode(2, 1, 0x46);
/// VEX only.
pub(super) const INT_EQUAL: Opcode = opcode(1, 1, 0x76);
/// EVEX only: a mask by the comparison in the immediate.
pub(super) const INT_COMPARE: Opcode = opcode(3, 1, 0x1F);
/// As [`INT_COMPARE`], without sign.
pub(super) const WORD_COMPARE: Opcode = opcode(3, 1, 0x1E);
/// VEX only: signed.
pub(super) const INT_GREATER: Opcode = opcode(1, 1, 0x66);
/// EVEX only: x · 2ⁿ rounded once.
pub(super) const SCALE: Opcode = opcode(2, 1, 0x2C);
/// EVEX only: the lowest byte of each word.
pub(super) const STORE_BYTES: Opcode = opcode(2, 2, 0x31);
/// VEX only: the upper half of reg to rm.
pub(super) const UPPER_HALF: Opcode = opcode(3, 1, 0x39);
pub(super) const PACK_WORDS: Opcode = narrow(2, 1, 0x2B);
pub(super) const PACK_BYTES: Opcode = narrow(1, 1, 0x67);
pub(super) const STORE_HALF: Opcode = narrow(1, 1, 0xD6);

/// Which way a [`SHIFT`] goes.
pub(super) const LEFT: u8 = 6;
pub(super) const RIGHT: u8 = 2;
pub(super) const SIGNED_RIGHT: u8 = 4;

/// A place in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// Bytes from the beginning of the code.
    Code(usize),
    /// Bytes behind a register.
    Behind(Gpr, i32),
    /// Behind a register by the number of elements done times 2 to such a power.
    Element(Gpr, u8),
}

/// What an instruction reads last, or where it stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Register(u8),
    Memory(Address),
    /// One element for all lanes; EVEX only.
    Spread(Address),
}

/// An instruction on vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) opcode: Opcode,
    pub(super) reg: u8,
    pub(super) vvvv: u8,
    pub(super) rm: Place,
    /// EVEX only: the mask register; 0 is none.
    pub(super) mask: u8,
    /// Whether lanes outside the mask become 0.
    pub(super) zeroing: bool,
    pub(super) immediate: Option<u8>,
}

impl Form {
    /// reg = opcode(vvvv, rm); instructions of one operand leave `vvvv` 0.
    pub(super) fn new(opcode: Opcode, reg: u8, vvvv: u8, rm: Place) -> Self {
        Self { opcode, reg, vvvv, rm, mask: 0, zeroing: false, immediate: None }
    }

    pub(super) fn with(self, immediate: u8) -> Self {
        Self { immediate: Some(immediate), ..self }
    }
}

/// A program under construction.
pub(super) struct Encoder {
    pub(super) width: Width,
    pub(super) bytes: Vec<u8>,
    /// How many instructions on vectors there are.
    pub(super) vectors: usize,
}

impl Encoder {
    /// An instruction on vectors of the encoder's width.
    pub(super) fn vector(&mut self, form: &Form) {
        self.vectors += 1;
        match self.width {
            Width::Ymm => self.vex(form),
            Width::Zmm => self.evex(form),
        }
    }

    /// The bits that extend the register numbers in an operand: bit 4 and bit 3 of a register, and
    /// of a place in memory bit 3 of its base.
    fn extension(rm: Place) -> (u8, u8) {
        match rm {
            Place::Register(register) => (register >> 4 & 1, register >> 3 & 1),
            Place::Memory(address) | Place::Spread(address) => match address {
                Address::Code(_) => (0, 0),
                Address::Behind(base, _) | Address::Element(base, _) => (0, base.0 >> 3 & 1),
            },
        }
    }

    fn vex(&mut self, form: &Form) {
        let (_, b) = Self::extension(form.rm);
        let r = form.reg >> 3 & 1;
        let long = u8::from(!form.opcode.narrow);
        self.bytes.extend([
            0xC4,
            (1 - r) << 7 | 1 << 6 | (1 - b) << 5 | form.opcode.map,
            (!form.vvvv & 15) << 3 | long << 2 | form.opcode.prefix,
            form.opcode.byte,
        ]);
        self.operand(form);
    }

    fn evex(&mut self, form: &Form) {
        let (x, b) = Self::extension(form.rm);
        let (r, r_high, v_high) = (form.reg >> 3 & 1, form.reg >> 4 & 1, form.vvvv >> 4 & 1);
        let spread = u8::from(matches!(form.rm, Place::Spread(_)));
        self.bytes.extend([
            0x62,
            (1 - r) << 7 | (1 - x) << 6 | (1 - b) << 5 | (1 - r_high) << 4 | form.opcode.map,
            (!form.vvvv & 15) << 3 | 1 << 2 | form.opcode.prefix,
            u8::from(form.zeroing) << 7 | 2 << 5 | spread << 4 | (1 - v_high) << 3 | form.mask,
            form.opcode.byte,
        ]);
        self.operand(form);
    }

    /// The registers and the place in memory, and the immediate.
    fn operand(&mut self, form: &Form) {
        let immediate = form.immediate;
        match form.rm {
            Place::Register(register) => {
                self.bytes.push(0xC0 | (form.reg & 7) << 3 | register & 7);
            }
            Place::Memory(address) | Place::Spread(address) => {
                self.address(form.reg & 7, address, usize::from(immediate.is_some()));
            }
        }
        self.bytes.extend(immediate);
    }

    /// Displacements are 32 bits wide, because how 8 bits count depends on the instruction.
    fn address(&mut self, reg: u8, address: Address, behind: usize) {
        match address {
            Address::Code(target) => {
                self.bytes.push(reg << 3 | 5);
                let next = self.bytes.len() + 4 + behind;
                self.bytes.extend((target as i32 - next as i32).to_le_bytes());
            }
            Address::Behind(base, displacement) => {
                self.bytes.extend([2 << 6 | reg << 3 | 4, 4 << 3 | base.0 & 7]);
                self.bytes.extend(displacement.to_le_bytes());
            }
            Address::Element(base, scale) => {
                let sib = scale << 6 | INDEX.0 << 3 | base.0 & 7;
                // A base of this number without displacement has another meaning.
                if base.0 & 7 == 5 {
                    self.bytes.extend([1 << 6 | reg << 3 | 4, sib, 0]);
                } else {
                    self.bytes.extend([reg << 3 | 4, sib]);
                }
            }
        }
    }

    /// A mask register to memory, 16 bits.
    pub(super) fn store_mask(&mut self, mask: u8, address: Address) {
        self.bytes.extend([0xC5, 0xF8, 0x91]);
        self.address(mask, address, 0);
    }

    /// 16 bits of memory to a mask register.
    pub(super) fn load_mask(&mut self, mask: u8, address: Address) {
        self.bytes.extend([0xC5, 0xF8, 0x90]);
        self.address(mask, address, 0);
    }

    /// A general register from the table of pointers.
    pub(super) fn load_pointer(&mut self, to: Gpr, place: usize) {
        self.bytes.extend([0x48 | (to.0 >> 3) << 2, 0x8B]);
        self.bytes.push(2 << 6 | (to.0 & 7) << 3 | TABLE.0);
        self.bytes.extend((8 * place as i32).to_le_bytes());
    }

    pub(super) fn push(&mut self, register: Gpr) {
        if register.0 >= 8 {
            self.bytes.push(0x41);
        }
        self.bytes.push(0x50 + (register.0 & 7));
    }

    pub(super) fn pop(&mut self, register: Gpr) {
        if register.0 >= 8 {
            self.bytes.push(0x41);
        }
        self.bytes.push(0x58 + (register.0 & 7));
    }

    /// Opens a frame on the stack that begins with a cache line; `rbp` remembers its end. Says where
    /// [`set_frame`](Self::set_frame) writes its size.
    pub(super) fn open_frame(&mut self) -> usize {
        self.push(RBP);
        // mov rbp, rsp; and rsp, −64; sub rsp, size
        self.bytes.extend([0x48, 0x89, 0xE5, 0x48, 0x83, 0xE4, 0xC0, 0x48, 0x81, 0xEC]);
        self.bytes.extend([0; 4]);
        self.bytes.len() - 4
    }

    /// Sets the frame's size, in whole lines so that every vector of it lies in one.
    pub(super) fn set_frame(&mut self, place: usize, bytes: usize) {
        let bytes = bytes.next_multiple_of(64) as i32;
        self.bytes[place..place + 4].copy_from_slice(&bytes.to_le_bytes());
    }

    pub(super) fn close_frame(&mut self) {
        // mov rsp, rbp
        self.bytes.extend([0x48, 0x89, 0xEC]);
        self.pop(RBP);
    }

    /// The index becomes 0.
    pub(super) fn clear_index(&mut self) {
        self.bytes.extend([0x31, 0xC0]);
    }

    /// Bytes that do nothing, until the next instruction begins a block of so many bytes.
    pub(super) fn align(&mut self, block: usize) {
        // xchg ax, ax
        while !self.bytes.len().is_multiple_of(block) {
            self.bytes.push(0x90);
        }
    }

    /// Adds a vector's lanes to the index and jumps back while elements are left.
    pub(super) fn repeat(&mut self, start: usize) {
        // add rax, lanes; cmp rax, rsi; jb start
        self.bytes.extend([0x48, 0x83, 0xC0, self.width.lanes() as u8]);
        self.bytes.extend([0x48, 0x39, 0xC0 | COUNT.0 << 3 | INDEX.0, 0x0F, 0x82]);
        let next = self.bytes.len() + 4;
        self.bytes.extend((start as i32 - next as i32).to_le_bytes());
    }

    pub(super) fn leave(&mut self) {
        // vzeroupper; ret
        self.bytes.extend([0xC5, 0xF8, 0x77, 0xC3]);
    }
}
