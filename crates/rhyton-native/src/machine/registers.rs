//! Which register holds which value: values come into registers when they are needed, and the one
//! whose next use is farthest makes room.

use super::block::{Block, Item, Node, Value};
use super::encode::{Address, BROADCAST, Encoder, Form, Gpr, LOAD, Place, RSP, STORE, Width, XOR};

/// General registers that hold pointers throughout; the callee's own come first.
const POINTERS: [Gpr; 10] =
    [Gpr(1), Gpr(2), Gpr(8), Gpr(9), Gpr(10), Gpr(3), Gpr(12), Gpr(13), Gpr(14), Gpr(15)];
/// How many of those need not be restored.
const FREE_POINTERS: usize = 5;
/// Holds one of the other pointers for one instruction.
const ANY_POINTER: Gpr = Gpr(11);
/// Registers for what an instruction needs besides the values that live on.
const SPARE: usize = 4;
/// How much more a register helps where an operand cannot be in memory.
const NEEDED: usize = 4;

/// Vectors, or the masks of AVX-512.
const VECTORS: usize = 0;
const MASKS: usize = 1;

/// The state of all registers at one item of a block.
pub(super) struct Registers<'a> {
    pub(super) block: &'a Block,
    pub(super) encoder: Encoder,
    /// Items that read a value and are not done, the next one last.
    uses: Vec<Vec<usize>>,
    place: Vec<Option<u8>>,
    slot: Vec<Option<usize>>,
    owner: [[Option<Value>; 32]; 2],
    /// Registers that the instruction at work needs.
    held: [u32; 2],
    /// Registers of values that are the same for all elements.
    fixed: u32,
    slots: usize,
    /// Where the code says how many bytes the slots take.
    frame: usize,
    /// The constants of the code, in their order in memory.
    constants: Vec<Value>,
    pub(super) position: usize,
}

impl<'a> Registers<'a> {
    pub(super) fn new(block: &'a Block) -> Self {
        let mut uses = vec![Vec::new(); block.len()];
        for (position, item) in block.items.iter().enumerate().rev() {
            match *item {
                Item::Compute(value) => {
                    let (operands, count) = block.operands(value);
                    operands[..count].iter().for_each(|read| uses[read.index()].push(position));
                }
                Item::Store { value, .. } => uses[value.index()].push(position),
            }
        }
        let is_constant = |value: &Value| {
            matches!(block.node(*value), Node::Constant(_)) && !uses[value.index()].is_empty()
        };
        let constants = block.values().filter(is_constant).collect();
        Self {
            block,
            encoder: Encoder { width: block.width, bytes: Vec::new(), vectors: 0 },
            uses,
            place: vec![None; block.len()],
            slot: vec![None; block.len()],
            owner: [[None; 32]; 2],
            held: [0; 2],
            fixed: 0,
            slots: 0,
            frame: 0,
            constants,
            position: 0,
        }
    }

    fn bank(&self, value: Value) -> usize {
        let masks = self.block.width == Width::Zmm && self.block.is_mask(value);
        if masks { MASKS } else { VECTORS }
    }

    fn count(&self) -> usize {
        match self.block.width {
            Width::Ymm => 16,
            Width::Zmm => 32,
        }
    }

    /// Writes the constants: each once, or AVX2's, which do not spread, as whole vectors.
    pub(super) fn write_constants(&mut self) {
        let copies = if self.block.width == Width::Zmm { 1 } else { self.block.width.lanes() };
        for &value in &self.constants {
            if let Node::Constant(bits) = self.block.node(value) {
                for _ in 0..copies {
                    self.encoder.bytes.extend(bits.to_le_bytes());
                }
            }
        }
    }

    /// Saves the registers that the caller owns, and loads the pointers.
    pub(super) fn enter(&mut self) {
        for &register in POINTERS.iter().take(self.block.arguments.len()).skip(FREE_POINTERS) {
            self.encoder.push(register);
        }
        self.frame = self.encoder.open_frame();
        for (place, &register) in POINTERS.iter().take(self.block.arguments.len()).enumerate() {
            self.encoder.load_pointer(register, place);
        }
    }

    /// Restores the caller's registers and returns.
    pub(super) fn exit(&mut self) {
        self.encoder.set_frame(self.frame, self.slots * self.block.width.bytes());
        self.encoder.close_frame();
        let saved = POINTERS.iter().take(self.block.arguments.len()).skip(FREE_POINTERS);
        for &register in saved.rev() {
            self.encoder.pop(register);
        }
        self.encoder.leave();
    }

    /// The register of an argument's pointer, for the next instruction.
    pub(super) fn pointer(&mut self, argument: usize) -> Gpr {
        if let Some(&register) = POINTERS.get(argument) {
            return register;
        }
        self.encoder.load_pointer(ANY_POINTER, argument);
        ANY_POINTER
    }

    /// Puts what is the same for all elements where the block finds it: in registers as far as they
    /// last, AVX2's other scalars on the stack.
    pub(super) fn hoist(&mut self) {
        let mut values: Vec<(usize, Value)> = self
            .block
            .values()
            .filter(|&value| !self.uses[value.index()].is_empty())
            .filter(|&value| matches!(self.block.node(value), Node::Constant(_) | Node::Scalar(_)))
            .map(|value| (self.benefit(value), value))
            .collect();
        values.sort_by_key(|&(benefit, value)| (std::cmp::Reverse(benefit), value.index()));
        let room = self.count().saturating_sub(self.pressure() + SPARE);
        let kept = values.len().min(room);
        for (rank, &(_, value)) in values[..kept].iter().enumerate() {
            let register = (self.count() - 1 - rank) as u8;
            self.load_to(register, value);
            self.own(register, value);
            self.fixed |= 1 << register;
        }
        for &(_, value) in &values[kept..] {
            if self.block.width == Width::Ymm && matches!(self.block.node(value), Node::Scalar(_)) {
                self.load_to(0, value);
                let address = self.new_slot(value);
                self.encoder.vector(&Form::new(STORE, 0, 0, Place::Memory(address)));
            }
        }
    }

    /// How much time a register saves a value that is the same for all elements.
    fn benefit(&self, value: Value) -> usize {
        let weight = |&position: &usize| match self.block.items[position] {
            Item::Store { .. } => NEEDED,
            Item::Compute(user) => match self.block.node(user) {
                Node::Compute(op, operands) if op.needs_register(&operands, value) => NEEDED,
                _ => 1,
            },
        };
        self.uses[value.index()].iter().map(weight).sum()
    }

    /// The most vectors that live at one time, besides those that memory holds anyway.
    fn pressure(&self) -> usize {
        let (mut live, mut most) = (0_usize, 0);
        for (position, item) in self.block.items.iter().enumerate() {
            let Item::Compute(value) = *item else { continue };
            live += usize::from(self.bank(value) == VECTORS);
            most = most.max(live);
            let (operands, count) = self.block.operands(value);
            let ends = |place: usize| {
                let read = operands[place];
                let computed = matches!(self.block.node(read), Node::Compute(..));
                let last = self.uses[read.index()].first() == Some(&position);
                let first_mention = !operands[..place].contains(&read);
                computed && last && first_mention && self.bank(read) == VECTORS
            };
            live = live.saturating_sub((0..count).filter(|&place| ends(place)).count());
        }
        most
    }

    /// Whether the item at work is the last to read a value, whose register it may then use.
    pub(super) fn ends(&self, value: Value) -> bool {
        let fixed = self.place[value.index()].is_some_and(|r| self.fixed >> r & 1 == 1);
        self.uses[value.index()].first() == Some(&self.position)
            && !(fixed && self.bank(value) == VECTORS)
    }

    pub(super) fn is_in_register(&self, value: Value) -> bool {
        self.place[value.index()].is_some()
    }

    /// The register of a value, loaded if it is elsewhere; it stays until the item is done.
    pub(super) fn register(&mut self, value: Value) -> u8 {
        let bank = self.bank(value);
        let register = self.place[value.index()].unwrap_or_else(|| {
            let register = self.free_register(bank);
            self.load_to(register, value);
            self.own(register, value);
            register
        });
        self.held[bank] |= 1 << register;
        register
    }

    /// A value as the last operand of an instruction: this must be its last preparation.
    pub(super) fn operand(&mut self, value: Value) -> Place {
        if !self.is_in_register(value) && self.folds(value) {
            return self.home(value);
        }
        Place::Register(self.register(value))
    }

    /// Whether an instruction had better read a value from memory than from a register.
    pub(super) fn folds(&self, value: Value) -> bool {
        match self.block.node(value) {
            Node::Constant(_) | Node::Scalar(_) => true,
            Node::Load(_) => self.ends(value),
            Node::Compute(..) => self.ends(value) && self.bank(value) == VECTORS,
        }
    }

    /// Whether the first operand is the one that may well be in memory.
    pub(super) fn prefers_second(&self, first: Value, second: Value) -> bool {
        !self.is_in_register(first) && self.folds(first) && self.is_in_register(second)
    }

    /// Where a value is that is in no register.
    fn home(&mut self, value: Value) -> Place {
        if let Some(slot) = self.slot[value.index()] {
            return Place::Memory(self.slot_address(slot));
        }
        match self.block.node(value) {
            Node::Constant(_) => {
                let place = self.constants.iter().position(|&constant| constant == value);
                let place = place.expect("every constant that is read has a place");
                match self.block.width {
                    Width::Zmm => Place::Spread(Address::Code(4 * place)),
                    Width::Ymm => Place::Memory(Address::Code(self.block.width.bytes() * place)),
                }
            }
            Node::Scalar(argument) => Place::Spread(Address::Behind(self.pointer(argument), 0)),
            Node::Load(argument) => Place::Memory(Address::Element(self.pointer(argument), 2)),
            Node::Compute(..) => unreachable!("a computed value is in a register or on the stack"),
        }
    }

    fn slot_address(&self, slot: usize) -> Address {
        Address::Behind(RSP, (slot * self.block.width.bytes()) as i32)
    }

    fn new_slot(&mut self, value: Value) -> Address {
        self.slot[value.index()] = Some(self.slots);
        self.slots += 1;
        self.slot_address(self.slots - 1)
    }

    /// Brings a value from memory to a register.
    pub(super) fn load_to(&mut self, register: u8, value: Value) {
        if self.block.node(value) == Node::Constant(0) {
            let zero = Form::new(XOR, register, register, Place::Register(register));
            return self.encoder.vector(&zero);
        }
        let home = self.home(value);
        match home {
            Place::Memory(address) if self.bank(value) == MASKS => {
                self.encoder.load_mask(register, address);
            }
            Place::Spread(address) => {
                self.encoder.vector(&Form::new(BROADCAST, register, 0, Place::Memory(address)));
            }
            _ => self.encoder.vector(&Form::new(LOAD, register, 0, home)),
        }
    }

    fn own(&mut self, register: u8, value: Value) {
        let bank = self.bank(value);
        self.owner[bank][usize::from(register)] = Some(value);
        self.place[value.index()] = Some(register);
    }

    /// A register that is free, or made free, and held for the item at work.
    fn free_register(&mut self, bank: usize) -> u8 {
        let all = if bank == MASKS { 1..8 } else { 0..self.count() };
        let fixed = if bank == VECTORS { self.fixed } else { 0 };
        let busy = self.held[bank] | fixed;
        let usable = |&register: &usize| busy >> register & 1 == 0;
        let free = all.clone().filter(usable).find(|&r| self.owner[bank][r].is_none());
        let register = free.unwrap_or_else(|| {
            let next_use = |&register: &usize| {
                let owner = self.owner[bank][register];
                owner.and_then(|value| self.uses[value.index()].last().copied())
            };
            let farthest = all.filter(usable).max_by_key(next_use);
            let farthest = farthest.expect("an item needs fewer registers than there are");
            self.evict(bank, farthest as u8);
            farthest
        });
        self.held[bank] |= 1 << register;
        register as u8
    }

    fn evict(&mut self, bank: usize, register: u8) {
        let Some(value) = self.owner[bank][usize::from(register)].take() else { return };
        self.place[value.index()] = None;
        let computed = matches!(self.block.node(value), Node::Compute(..));
        if computed && self.slot[value.index()].is_none() {
            let address = self.new_slot(value);
            if bank == MASKS {
                self.encoder.store_mask(register, address);
            } else {
                self.encoder.vector(&Form::new(STORE, register, 0, Place::Memory(address)));
            }
        }
    }

    /// A register for something that no value names, until the item is done.
    pub(super) fn temporary(&mut self) -> u8 {
        self.free_register(VECTORS)
    }

    /// Marks the operands of the item at work as read; registers of those that end become free.
    pub(super) fn release(&mut self, operands: &[Value]) {
        for &value in operands {
            let uses = &mut self.uses[value.index()];
            while uses.last() == Some(&self.position) {
                uses.pop();
            }
            let Some(register) = self.place[value.index()] else { continue };
            let bank = self.bank(value);
            let fixed = bank == VECTORS && self.fixed >> register & 1 == 1;
            if self.uses[value.index()].is_empty() && !fixed {
                self.owner[bank][usize::from(register)] = None;
                self.place[value.index()] = None;
            }
        }
        self.held = [0; 2];
    }

    /// A register for the result of the item at work, whose operands are released.
    pub(super) fn target(&mut self, value: Value) -> u8 {
        let register = self.free_register(self.bank(value));
        self.own(register, value);
        register
    }

    /// Gives the result of the item at work a register that is free or held for it.
    pub(super) fn settle(&mut self, register: u8, value: Value) {
        self.own(register, value);
    }

    /// Ends the item at work.
    pub(super) fn advance(&mut self) {
        self.held = [0; 2];
        self.position += 1;
    }
}
