use rhyton_graph::{Dim, Shape};

use super::OutputShape;
use crate::{Error, Result};

/// An equation of an input and a kernel, taken apart.
#[derive(Debug)]
pub(super) struct Equation<'a> {
    text: &'a str,
    input: &'a str,
    kernel: &'a str,
    output: &'a str,
    rest: Rest,
}

/// Where axes without letters stand in input and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    None,
    Left,
    Right,
}

/// The sizes of an input's and an output's axes.
#[derive(Debug)]
pub(super) struct Axes {
    input: Vec<Dim>,
    pub(super) output: Vec<Dim>,
    /// How many axes have no letter.
    rest: usize,
}

/// A kernel's sizes, with the places of the axes that are summed over and of those that stay.
type Kernel = (Vec<usize>, Vec<isize>, Vec<isize>);

fn refuse(argument: &str, expected: impl Into<String>, received: impl std::fmt::Display) -> Error {
    Error::config("EinsumDense", argument, expected, received)
}

impl<'a> Equation<'a> {
    /// The parts of an equation in one of Keras' three forms.
    ///
    /// # Errors
    /// [`Error::Config`] for another form, or a letter of kernel or output that stands nowhere else.
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        let found = Self::split(text).ok_or_else(|| {
            let expected = "letters as `ab,bc->ac`, `...ab,bc->...ac` or `ab...,bc->ac...`";
            refuse("equation", expected, format!("{text:?}"))
        })?;
        let lost =
            |letter: &char| !found.input.contains(*letter) && !found.kernel.contains(*letter);
        if let Some(letter) = found.output.chars().find(lost) {
            let expected = "letters of the output that input or kernel have";
            return Err(refuse("equation", expected, format!("`{letter}` in {text:?}")));
        }
        let lost =
            |letter: &char| !found.input.contains(*letter) && !found.output.contains(*letter);
        if let Some(letter) = found.kernel.chars().find(lost) {
            let expected = "letters of the kernel that input or output have";
            return Err(refuse("equation", expected, format!("`{letter}` in {text:?}")));
        }
        Ok(found)
    }

    fn split(text: &'a str) -> Option<Self> {
        let (left, output) = text.split_once("->")?;
        let (input, kernel) = left.split_once(',')?;
        let dots = "...";
        let (rest, input, output) = if let Some(input) = input.strip_prefix(dots) {
            (Rest::Left, input, output.strip_prefix(dots)?)
        } else if let Some(input) = input.strip_suffix(dots) {
            (Rest::Right, input, output.strip_suffix(dots)?)
        } else {
            (Rest::None, input, output)
        };
        let letters = |part: &str| {
            !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphabetic())
        };
        let fits = [input, kernel, output].into_iter().all(letters);
        // The batch is the first letter, so there must be another.
        let fits = fits && (rest != Rest::Right || input.len() > 1);
        fits.then_some(Self { text, input, kernel, output, rest })
    }

    /// The sizes of the output for an input of this shape.
    ///
    /// # Errors
    /// [`Error::Config`] when the axes' numbers differ, or a size that input and output share.
    pub(super) fn sizes(&self, input: &Shape, output: &OutputShape) -> Result<Axes> {
        let rest = input.rank().checked_sub(self.input.len());
        let rest = rest.filter(|&rest| rest == 0 || self.rest != Rest::None).ok_or_else(|| {
            let expected =
                format!("an axis for each letter of {:?} in {:?}", self.input, self.text);
            refuse("input", expected, input)
        })?;
        let mut axes = Axes { input: input.to_vec(), output: Vec::new(), rest };
        // With `...` at the left the batch is one of its axes, if it stands for any.
        let lettered = match self.rest {
            Rest::Left if rest > 0 => self.output.len(),
            _ => self.output.len() - 1,
        };
        if output.0.len() != lettered {
            let expected = format!("{lettered} size(s) for {:?}", self.text);
            return Err(refuse("output_shape", expected, format!("{:?}", output.0)));
        }
        let mut given = output.0.iter();
        for (place, letter) in self.output_letters(rest).into_iter().enumerate() {
            axes.output.push(self.output_size(place, letter, &mut given, &axes)?);
        }
        Ok(axes)
    }

    /// The output's axes: letters, or none for those of `...`.
    fn output_letters(&self, rest: usize) -> Vec<Option<char>> {
        let letters = self.output.chars().map(Some);
        let others = std::iter::repeat_n(None, rest);
        match self.rest {
            Rest::Left => others.chain(letters).collect(),
            Rest::None | Rest::Right => letters.chain(others).collect(),
        }
    }

    fn output_size<'s>(
        &self,
        place: usize,
        letter: Option<char>,
        given: &mut impl Iterator<Item = &'s Option<usize>>,
        axes: &Axes,
    ) -> Result<Dim> {
        let from_input = match letter {
            Some(letter) => self.input_place(letter, axes.rest),
            None if self.rest == Rest::Left => Some(place),
            None => Some(place - self.output.len() + self.input.len()),
        };
        let from_input = from_input.map(|place| axes.input[place]);
        if letter.is_none() || place == 0 {
            return from_input.ok_or_else(|| {
                refuse("equation", "the batch as the first axis of input and output", self.text)
            });
        }
        match (given.next().copied().flatten(), from_input) {
            (Some(size), Some(dim)) if dim != Dim::fixed(size) => {
                let expected = format!("{dim} for `{}` as the input has it", letter.unwrap_or(' '));
                Err(refuse("output_shape", expected, size))
            }
            (Some(size), _) => Ok(Dim::fixed(size)),
            (None, Some(dim)) => Ok(dim),
            (None, None) => {
                let expected = format!("a size for `{}`", letter.unwrap_or(' '));
                Err(refuse("output_shape", expected, "none"))
            }
        }
    }

    fn input_place(&self, letter: char, rest: usize) -> Option<usize> {
        let place = self.input.find(letter)?;
        Some(if self.rest == Rest::Left { place + rest } else { place })
    }

    fn output_place(&self, letter: char, rest: usize) -> Option<usize> {
        let place = self.output.find(letter)?;
        Some(if self.rest == Rest::Left { place + rest } else { place })
    }

    /// The kernel's shape, and which of its axes are summed over and which stay.
    ///
    /// # Errors
    /// [`Error::Config`] for an axis whose size the batch decides.
    pub(super) fn kernel(&self, axes: &Axes) -> Result<Kernel> {
        let (mut shape, mut summed, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (place, letter) in self.kernel.chars().enumerate() {
            let dim = if let Some(axis) = self.output_place(letter, axes.rest) {
                kept.push(place as isize);
                axes.output[axis]
            } else {
                summed.push(place as isize);
                self.input_place(letter, axes.rest).map_or(Dim::fixed(1), |axis| axes.input[axis])
            };
            shape.push(fixed(dim, "equation", letter)?);
        }
        Ok((shape, summed, kept))
    }

    /// The bias' shape: sizes of its letters, 1 between and behind them.
    ///
    /// # Errors
    /// [`Error::Config`] for no letter, or one that the output lacks.
    pub(super) fn bias(&self, letters: &str, axes: &Axes) -> Result<Vec<usize>> {
        let expected = || format!("letters of the output {:?}", self.output);
        if let Some(letter) = letters.chars().find(|&letter| !self.output.contains(letter)) {
            return Err(refuse("bias_axes", expected(), format!("`{letter}`")));
        }
        let first = self.output.find(|letter| letters.contains(letter));
        let first = first.ok_or_else(|| refuse("bias_axes", expected(), "none"))?;
        let mut shape = Vec::new();
        for (place, letter) in self.output.chars().enumerate().skip(first) {
            let axis = if self.rest == Rest::Left { place + axes.rest } else { place };
            let size = || fixed(axes.output[axis], "bias_axes", letter);
            shape.push(if letters.contains(letter) { size()? } else { 1 });
        }
        if self.rest == Rest::Right {
            shape.extend(std::iter::repeat_n(1, axes.rest));
        }
        Ok(shape)
    }
}

fn fixed(dim: Dim, argument: &str, letter: char) -> Result<usize> {
    let expected = || format!("a size for `{letter}` that does not depend on the batch");
    dim.fixed_size().ok_or_else(|| refuse(argument, expected(), dim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(
        text: &str,
        input: &[usize],
        output: impl Into<OutputShape>,
    ) -> Result<(Vec<usize>, String)> {
        let equation = Equation::parse(text)?;
        let axes = equation.sizes(&Shape::batched(input), &output.into())?;
        Ok((equation.kernel(&axes)?.0, Shape::from(axes.output).to_string()))
    }

    #[test]
    fn sizes_follow_from_input_and_output() {
        let found =
            |text, input: &[usize], output: OutputShape| shapes(text, input, output).unwrap();
        assert_eq!(found("ab,bc->ac", &[4], 5.into()), (vec![4, 5], "[N, 5]".to_owned()));
        let open = OutputShape::from([None, Some(5)]);
        assert_eq!(found("abc,cd->abd", &[3, 4], open), (vec![4, 5], "[N, 3, 5]".to_owned()));
        assert_eq!(
            found("...x,xy->...y", &[2, 3, 4], 6.into()),
            (vec![4, 6], "[N, 2, 3, 6]".to_owned())
        );
        assert_eq!(
            found("ab...,bc->ac...", &[4, 3], 5.into()),
            (vec![4, 5], "[N, 5, 3]".to_owned())
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused =
            |text, input: &[usize], output: OutputShape| shapes(text, input, output).unwrap_err();
        insta::assert_snapshot!(refused("ab,bc", &[4], 5.into()), @r#"EinsumDense: equation expected letters as `ab,bc->ac`, `...ab,bc->...ac` or `ab...,bc->ac...`, received "ab,bc""#);
        insta::assert_snapshot!(refused("ab,bc->ad", &[4], 5.into()), @r#"EinsumDense: equation expected letters of the output that input or kernel have, received `d` in "ab,bc->ad""#);
        insta::assert_snapshot!(refused("ab,bce->ac", &[4], 5.into()), @r#"EinsumDense: equation expected letters of the kernel that input or output have, received `e` in "ab,bce->ac""#);
        insta::assert_snapshot!(refused("abc,cd->abd", &[4], 5.into()), @r#"EinsumDense: input expected an axis for each letter of "abc" in "abc,cd->abd", received [N, 4]"#);
        insta::assert_snapshot!(refused("ab,bc->ac", &[4], [5, 6].into()), @r#"EinsumDense: output_shape expected 1 size(s) for "ab,bc->ac", received [Some(5), Some(6)]"#);
        insta::assert_snapshot!(refused("abc,cd->abd", &[3, 4], [2, 5].into()), @r#"EinsumDense: output_shape expected 3 for `b` as the input has it, received 2"#);
        insta::assert_snapshot!(refused("ab,bc->ac", &[4], [None].into()), @r#"EinsumDense: output_shape expected a size for `c`, received none"#);
        insta::assert_snapshot!(refused("ab,bac->bc", &[4], [5].into()), @r#"EinsumDense: equation expected a size for `a` that does not depend on the batch, received N"#);
    }
}
