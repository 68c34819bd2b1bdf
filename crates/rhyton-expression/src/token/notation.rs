//! Characters that stand for others: Greek, mathematical italic, superscripts, typographic signs.

use super::{Keyword, Token};
use crate::syntax::Binary;

/// A character of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Letter {
    Latin(char),
    Greek(&'static str),
}

/// From α in Unicode's order; the second sigma is the final one.
const GREEK: [&str; 25] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda_", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi",
    "chi", "psi", "omega",
];

const GREEK_CAPITAL: [&str; 25] = [
    "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa",
    "Lambda", "Mu", "Nu", "Xi", "Omicron", "Pi", "Rho", "Theta", "Sigma", "Tau", "Upsilon", "Phi",
    "Chi", "Psi", "Omega",
];

/// The variants that follow ω in the mathematical blocks: ∂ ϵ ϑ ϰ ϕ ϱ ϖ.
const GREEK_VARIANTS: [&str; 7] = ["partial", "epsilon", "theta", "kappa", "phi", "rho", "pi"];

/// Whether the name is that of a Greek letter, so that people write it for one.
pub(crate) fn is_greek_name(name: &str) -> bool {
    GREEK.contains(&name) || GREEK_CAPITAL.contains(&name)
}

/// The letter that a character means in a name.
pub(super) fn letter(c: char) -> Option<Letter> {
    let code = c as u32;
    Some(match code {
        0x41..=0x5A | 0x61..=0x7A => Letter::Latin(c),
        0x210E => Letter::Latin('h'),
        0x391..=0x3A9 => Letter::Greek(GREEK_CAPITAL[(code - 0x391) as usize]),
        0x3B1..=0x3C9 => Letter::Greek(GREEK[(code - 0x3B1) as usize]),
        0x3D1 => Letter::Greek("theta"),
        0x3D5 => Letter::Greek("phi"),
        0x3F5 => Letter::Greek("epsilon"),
        // Mathematical alphabets: 13 of 52 Latin letters, 5 of 58 Greek ones.
        0x1D400..=0x1D6A3 => {
            let place = (code - 0x1D400) % 52;
            let letter = if place < 26 { b'A' + place as u8 } else { b'a' + (place - 26) as u8 };
            Letter::Latin(char::from(letter))
        }
        0x1D6A8..=0x1D7C9 => match ((code - 0x1D6A8) % 58) as usize {
            place @ 0..=24 => Letter::Greek(GREEK_CAPITAL[place]),
            25 => return None,
            place @ 26..=50 => Letter::Greek(GREEK[place - 26]),
            place => Letter::Greek(GREEK_VARIANTS[place - 51]),
        },
        _ => return None,
    })
}

/// A name in the letters that definitions are kept in: `beta1` of `β₁`.
pub fn ascii_name(name: &str) -> String {
    let mut ascii = String::new();
    for c in name.chars() {
        match letter(c) {
            Some(Letter::Latin(letter)) => ascii.push(letter),
            Some(Letter::Greek(name)) => ascii.push_str(name),
            None => ascii.push(name_digit(c).unwrap_or(c)),
        }
    }
    ascii
}

/// A decimal digit, plain or mathematical.
pub(super) fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '\u{1D7CE}'..='\u{1D7FF}' => char::from_digit((c as u32 - 0x1D7CE) % 10, 10),
        _ => None,
    }
}

/// A digit inside a name: also a subscript one.
pub(super) fn name_digit(c: char) -> Option<char> {
    match c {
        '₀'..='₉' => char::from_digit(c as u32 - '₀' as u32, 10),
        _ => digit(c),
    }
}

/// The digit or sign that a superscript means.
pub(super) fn superscript(c: char) -> Option<char> {
    Some(match c {
        '²' => '2',
        '³' => '3',
        '¹' => '1',
        '⁰' => '0',
        '⁴'..='⁹' => char::from_digit(c as u32 - '⁰' as u32, 10)?,
        '⁻' => '-',
        _ => return None,
    })
}

/// Vulgar fractions that binary floating point holds.
pub(super) fn fraction(c: char) -> Option<f64> {
    match c {
        '½' => Some(0.5),
        '¼' => Some(0.25),
        '¾' => Some(0.75),
        _ => None,
    }
}

/// Characters without ink that come along when text is copied.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2062}' | '\u{FEFF}')
}

/// The symbol at the beginning of the text and its length in bytes; longer ones first.
pub(super) fn symbol(rest: &str) -> Option<(usize, Token)> {
    static SYMBOLS: &[(&str, Token)] = &[
        ("**", Token::Caret),
        ("&&", Token::Keyword(Keyword::And)),
        ("<=", Token::Comparison(Binary::LessEqual)),
        (">=", Token::Comparison(Binary::GreaterEqual)),
        ("==", Token::Comparison(Binary::Equal)),
        ("!=", Token::Comparison(Binary::NotEqual)),
        (":=", Token::Assign),
        ("&", Token::Keyword(Keyword::And)),
        ("∧", Token::Keyword(Keyword::And)),
        ("∨", Token::Keyword(Keyword::Or)),
        ("<", Token::Comparison(Binary::Less)),
        (">", Token::Comparison(Binary::Greater)),
        ("≤", Token::Comparison(Binary::LessEqual)),
        ("≥", Token::Comparison(Binary::GreaterEqual)),
        ("⩽", Token::Comparison(Binary::LessEqual)),
        ("⩾", Token::Comparison(Binary::GreaterEqual)),
        ("≠", Token::Comparison(Binary::NotEqual)),
        ("=", Token::Assign),
        ("≔", Token::Assign),
        ("+", Token::Plus),
        ("-", Token::Minus),
        ("−", Token::Minus),
        ("–", Token::Minus),
        ("‐", Token::Minus),
        ("*", Token::Star),
        ("·", Token::Star),
        ("⋅", Token::Star),
        ("∙", Token::Star),
        ("×", Token::Star),
        ("∗", Token::Star),
        ("✕", Token::Star),
        ("/", Token::Slash),
        ("÷", Token::Slash),
        ("∕", Token::Slash),
        ("⁄", Token::Slash),
        ("^", Token::Caret),
        ("√", Token::Root),
        ("|", Token::Bar),
        ("∣", Token::Bar),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
        (".", Token::Dot),
        (":", Token::Colon),
        (";", Token::Semicolon),
        ("\"", Token::Quote),
        ("“", Token::Quote),
        ("”", Token::Quote),
        ("∞", Token::Number(f64::INFINITY)),
    ];
    SYMBOLS
        .iter()
        .find(|(written, _)| rest.starts_with(written))
        .map(|(written, token)| (written.len(), token.clone()))
}
