//! Which passages of a text are said before: bytes as they stand, or tokens, behind one door.
//!
//! In: texts in keep order ([`Passages::enter`]). Out: for each text its passages that stand in a text entered before or
//! earlier in itself, with the place of the copy. Always: a passage and its copy share no byte, and are equal: byte for
//! byte, or token for token under [`Normalise::Tokens`].

use std::borrow::Cow;
use std::fmt;

use super::index::{Index, LONGEST_WINDOW, Mark, Match};
use crate::corpus::chars::inside_token;
use crate::corpus::{Span, TokenOptions, Tokens};

/// The least length of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinPassage {
    /// In bytes.
    Bytes(usize),
    /// In tokens.
    Tokens(usize),
}

impl MinPassage {
    /// Parses `100` or `100bytes`, and `50tokens`; the error says what it should be.
    pub fn parse(text: &str) -> Result<MinPassage, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number = digits.trim_end().parse().map_err(|_| format!("`{text}` is no length; use 100 or 50tokens"))?;
        match &text[digits.len()..] {
            "" | "b" | "B" | "byte" | "bytes" => Ok(MinPassage::Bytes(number)),
            "token" | "tokens" => Ok(MinPassage::Tokens(number)),
            unit => Err(format!("`{unit}` is no unit of length; use bytes or tokens")),
        }
    }
}

impl fmt::Display for MinPassage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MinPassage::Bytes(n) => write!(f, "{n}bytes"),
            MinPassage::Tokens(n) => write!(f, "{n}tokens"),
        }
    }
}

/// What has to be equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalise {
    /// Every byte.
    #[default]
    Nothing,
    /// The tokens: case, white space, line ends and punctuation do not matter.
    Tokens,
}

impl Normalise {
    /// All of them.
    pub const ALL: [Normalise; 2] = [Normalise::Nothing, Normalise::Tokens];

    /// The word for it in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Normalise::Nothing => "none",
            Normalise::Tokens => "tokens",
        }
    }
}

/// What counts as a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassageOptions {
    /// The least length. Default: 100 bytes. Tokens if tokens are compared.
    pub min: MinPassage,
    /// What has to be equal. Default: every byte.
    pub normalise: Normalise,
}

impl Default for PassageOptions {
    fn default() -> Self {
        PassageOptions { min: MinPassage::Bytes(100), normalise: Normalise::Nothing }
    }
}

impl PassageOptions {
    /// What is wrong with the options, and the remedy.
    pub fn fault(&self) -> Option<String> {
        let longest = LONGEST_WINDOW / 2;
        match (self.min, self.normalise) {
            (MinPassage::Bytes(_), Normalise::Tokens) => {
                Some("--normalise tokens counts in tokens; give --min-passage as for example 20tokens".to_owned())
            }
            (MinPassage::Bytes(n) | MinPassage::Tokens(n), _) if n == 0 || n > longest => {
                Some(format!("--min-passage {n} is not between 1 and {longest}"))
            }
            _ => None,
        }
    }

    /// Symbols that every passage has at least. A token has a byte, and two words have one between them.
    fn window(self, tokens: TokenOptions) -> usize {
        match (self.min, self.normalise) {
            (MinPassage::Tokens(n), Normalise::Nothing) if !tokens.by_character => 2 * n - 1,
            (MinPassage::Bytes(n) | MinPassage::Tokens(n), _) => n,
        }
    }

    /// Whether a passage of so many bytes is too short, however many tokens they are.
    pub fn is_too_short(self, bytes: usize) -> bool {
        matches!(self.min, MinPassage::Bytes(least) if bytes < least)
    }

    /// Whether a passage of so many bytes and tokens is long enough.
    pub fn admits(self, bytes: usize, tokens: usize) -> bool {
        match self.min {
            MinPassage::Bytes(_) => !self.is_too_short(bytes),
            MinPassage::Tokens(n) => tokens >= n,
        }
    }
}

/// A passage of the text entered last, and its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    /// Where it stands.
    pub span: Span,
    /// The text that holds the copy, by its number.
    pub text: u32,
    /// The same in symbols.
    found: Match,
}

/// The texts entered so far.
pub struct Passages<'c> {
    options: PassageOptions,
    token_options: TokenOptions,
    symbols: Symbols<'c>,
}

enum Symbols<'c> {
    Bytes(Index<'c, u8>),
    Tokens { index: Index<'c, u64>, spans: Vec<Vec<Span>> },
}

impl<'c> Passages<'c> {
    /// Nothing is entered yet. `options` have no [`fault`](PassageOptions::fault).
    pub fn new(options: PassageOptions, token_options: TokenOptions) -> Passages<'c> {
        let window = options.window(token_options);
        let symbols = match options.normalise {
            Normalise::Nothing => Symbols::Bytes(Index::new(window)),
            Normalise::Tokens => Symbols::Tokens { index: Index::new(window), spans: Vec::new() },
        };
        Passages { options, token_options, symbols }
    }

    /// What counts as a passage.
    pub fn options(&self) -> PassageOptions {
        self.options
    }

    /// Makes room for texts of so many bytes in all.
    pub fn reserve(&mut self, bytes: usize) {
        if let Symbols::Bytes(index) = &mut self.symbols {
            index.reserve(bytes);
        }
    }

    /// Enters a text; its number is the count of texts entered before. Gives its passages that are said before, ascending;
    /// they may overlap each other, but none its own copy.
    pub fn enter(&mut self, text: Cow<'c, [u8]>) -> Vec<Passage> {
        let window = self.options.window(self.token_options);
        match &mut self.symbols {
            Symbols::Bytes(index) => {
                let number = index.len();
                let found = apart(index.enter(text), number, window);
                let passage = |found: Match| Passage {
                    span: Span { start: found.start, end: found.end },
                    text: found.text,
                    found,
                };
                found.into_iter().map(passage).collect()
            }
            Symbols::Tokens { index, spans } => {
                let mut tokens = Tokens::default();
                tokens.read(&text, self.token_options);
                spans.push(tokens.spans(&text, self.token_options));
                let number = index.len();
                let found = apart(index.enter(Cow::Owned(tokens.hashes)), number, window);
                let own = &spans[number as usize];
                let passage =
                    |found: Match| Passage { span: over(own, found.start, found.end), text: found.text, found };
                found.into_iter().map(passage).collect()
            }
        }
    }

    /// Where the copy of a part of a passage stands. Of tokens only those count that lie in the part.
    pub fn copy_of(&self, passage: &Passage, part: Span) -> Span {
        let Match { start, end, text, from } = self.part_of(passage, part).found;
        match &self.symbols {
            Symbols::Bytes(_) => Span { start: from, end: from + (end - start) },
            Symbols::Tokens { spans, .. } => over(&spans[text as usize], from, from + (end - start)),
        }
    }

    /// A part of a passage. Of tokens only those count that lie in it.
    pub fn part_of(&self, passage: &Passage, part: Span) -> Passage {
        let found = passage.found;
        let (first, last) = match &self.symbols {
            Symbols::Bytes(_) => (part.start, part.end),
            Symbols::Tokens { spans, .. } => {
                let own = spans.last().map_or(&[][..], Vec::as_slice);
                let first = own.partition_point(|token| token.start < part.start) as u32;
                (first, own.partition_point(|token| token.end <= part.end) as u32)
            }
        };
        let start = first.clamp(found.start, found.end);
        self.between(passage, start, last.clamp(start, found.end))
    }

    /// The part of a passage from one symbol to before another.
    fn between(&self, passage: &Passage, start: u32, end: u32) -> Passage {
        let from = passage.found.from + (start - passage.found.start);
        let span = match &self.symbols {
            Symbols::Bytes(_) => Span { start, end },
            Symbols::Tokens { spans, .. } => over(spans.last().map_or(&[][..], Vec::as_slice), start, end),
        };
        Passage { span, text: passage.text, found: Match { start, end, from, ..passage.found } }
    }

    /// A passage whose copy stands in its own text, as passages whose copies are in none of `gone`: ascending, disjoint
    /// passages of the same text, each with a copy elsewhere. What such a one holds of the copy is named where that has its own
    /// copy, for that is equal too. Costs a binary search, and a step for each of `gone` that the copy meets.
    pub fn around(&self, passage: &Passage, gone: &[Passage]) -> Vec<Passage> {
        let Match { start, end, from, .. } = passage.found;
        let copy_end = from + (end - start);
        let own = |at: u32| start + (at - from);
        let (mut parts, mut at) = (Vec::new(), from);
        let first = gone.partition_point(|before| before.found.end <= from);
        for met in gone[first..].iter().take_while(|met| met.found.start < copy_end) {
            if at < met.found.start {
                parts.push(self.between(passage, own(at), own(met.found.start)));
            }
            let (first, last) = (at.max(met.found.start), met.found.end.min(copy_end));
            let part = self.between(passage, own(first), own(last));
            let found = Match { text: met.text, from: met.found.from + (first - met.found.start), ..part.found };
            parts.push(Passage { text: met.text, found, ..part });
            at = last;
        }
        if at < copy_end {
            parts.push(self.between(passage, own(at), end));
        }
        parts
    }

    /// Whether the copy of a passage starts or ends inside a word of its text, which the passage then does not hold whole.
    pub fn copy_tears(&self, passage: &Passage, copy: Span) -> [bool; 2] {
        match &self.symbols {
            Symbols::Bytes(index) => [copy.start, copy.end].map(|at| {
                let (before, after) = index.text(passage.text).split_at(at as usize);
                inside_token(before, after)
            }),
            Symbols::Tokens { .. } => [false, false],
        }
    }

    /// Texts entered so far.
    pub fn len(&self) -> u32 {
        match &self.symbols {
            Symbols::Bytes(index) => index.len(),
            Symbols::Tokens { index, .. } => index.len(),
        }
    }

    /// Whether nothing is entered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A point that [`Passages::undo_to`] can go back to, until [`Passages::commit`].
    pub fn mark(&self) -> Mark {
        match &self.symbols {
            Symbols::Bytes(index) => index.mark(),
            Symbols::Tokens { index, .. } => index.mark(),
        }
    }

    /// Forgets the texts entered since.
    pub fn undo_to(&mut self, mark: Mark) {
        match &mut self.symbols {
            Symbols::Bytes(index) => index.undo_to(mark),
            Symbols::Tokens { index, spans } => {
                index.undo_to(mark);
                spans.truncate(index.len() as usize);
            }
        }
    }

    /// What was entered so far stays.
    pub fn commit(&mut self) {
        match &mut self.symbols {
            Symbols::Bytes(index) => index.commit(),
            Symbols::Tokens { index, .. } => index.commit(),
        }
    }
}

/// From the first to before the last of some tokens.
fn over(tokens: &[Span], first: u32, last: u32) -> Span {
    let of = |token: u32| tokens.get(token as usize).copied().unwrap_or_default();
    if first >= last { Span::default() } else { Span { start: of(first).start, end: of(last - 1).end } }
}

/// Matches whose two sides share no symbol: one of the text `own` with itself whose sides overlap, so that it repeats with
/// the period of their distance, becomes a first stretch of whole periods and the copies of it that follow.
fn apart(matches: Vec<Match>, own: u32, window: usize) -> Vec<Match> {
    let mut found: Vec<Match> = matches.into_iter().flat_map(|m| copies(m, own, window as u32)).collect();
    found.sort_unstable();
    found
}

fn copies(m: Match, own: u32, window: u32) -> Vec<Match> {
    let period = m.start - if m.text == own { m.from } else { 0 };
    if m.text != own || m.end - m.from <= 2 * period || m.end - m.start <= period {
        return vec![m];
    }
    // twice as long as need be: something may be lost where it is cut
    let stretch = period * (2 * window).div_ceil(period);
    let starts = (m.from + stretch..m.end).step_by(stretch as usize);
    let copies = starts.map(|start| Match { start, end: m.end.min(start + stretch), ..m });
    copies.filter(|copy| copy.end - copy.start >= window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(options: PassageOptions, texts: &[&'static str]) -> Vec<(&'static str, String)> {
        let mut passages = Passages::new(options, TokenOptions::default());
        let mut all = Vec::new();
        for text in texts {
            for passage in passages.enter(Cow::Borrowed(text.as_bytes())) {
                let copy = passages.copy_of(&passage, passage.span);
                let copy = String::from_utf8_lossy(copy.of(texts[passage.text as usize].as_bytes())).into_owned();
                all.push((&text[passage.span.start as usize..passage.span.end as usize], copy));
            }
        }
        all
    }

    fn bytes(n: usize) -> PassageOptions {
        PassageOptions { min: MinPassage::Bytes(n), ..PassageOptions::default() }
    }

    #[test]
    fn bytes_have_to_be_equal() {
        let texts = ["one two three four five", "Two three four; two three four", "zero"];
        assert_eq!(
            passages(bytes(11), &texts),
            [("wo three four", "wo three four".to_owned()), (" two three four", " two three four".to_owned())]
        );
    }

    #[test]
    fn tokens_have_to_be_equal() {
        let options = PassageOptions { min: MinPassage::Tokens(3), normalise: Normalise::Tokens };
        let texts = ["one “Two” three:\nfour five", "(TWO three) Four; x"];
        assert_eq!(passages(options, &texts), [("TWO three) Four", "Two” three:\nfour".to_owned())]);
    }

    #[test]
    fn a_text_that_repeats_itself_keeps_the_first_stretch() {
        let found = passages(bytes(4), &["ababababababa"]);
        assert_eq!(found, [("ababa", "ababa".to_owned())]);
        let found = passages(bytes(4), &["abcdeabcde-abcde"]);
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), ["abcde", "abcde"]);
    }

    #[test]
    fn a_copy_that_goes_is_named_where_it_has_its_own() {
        let tokens = PassageOptions { min: MinPassage::Tokens(3), normalise: Normalise::Tokens };
        for options in [bytes(9), tokens] {
            let mut passages = Passages::new(options, TokenOptions::default());
            let text = "aa bb cc dd, ee aa bb cc dd ff gg, ee aa bb cc dd ff gg";
            let found = passages.enter(Cow::Borrowed(text.as_bytes()));
            let (first, second) = (found[0], *found.last().unwrap());
            let named = |parts: Vec<Passage>| {
                let named = parts.into_iter().map(|part| {
                    let copy = passages.copy_of(&part, part.span);
                    assert_eq!(part.span.of(text.as_bytes()), copy.of(text.as_bytes()));
                    (&text[part.span.start as usize..part.span.end as usize], part.span.start, copy.start)
                });
                named.collect::<Vec<_>>()
            };
            assert_eq!(named(passages.around(&first, &[])), [("aa bb cc dd", 16, 0)]);
            let (whole, parts) = if options == tokens {
                let parts = vec![("ee", 35, 13), ("aa bb cc dd", 38, 0), ("ff gg", 50, 28)];
                (("ee aa bb cc dd ff gg", 35, 13), parts)
            } else {
                let parts = vec![(", ee ", 33, 11), ("aa bb cc dd", 38, 0), (" ff gg", 49, 27)];
                ((", ee aa bb cc dd ff gg", 33, 11), parts)
            };
            assert_eq!(named(passages.around(&second, &[])), [whole]);
            assert_eq!(named(passages.around(&second, &[first])), parts);
            // what goes may be a part of what was found
            let part = passages.part_of(&first, Span::new(16, 24));
            assert_eq!(named(passages.around(&second, &[part]))[1], ("aa bb cc", 38, 0));
        }
    }

    #[test]
    fn lengths_in_tokens_bound_the_bytes() {
        let options = PassageOptions { min: MinPassage::Tokens(3), ..PassageOptions::default() };
        assert_eq!(passages(options, &["a b c", "a b c"]).len(), 1);
        for text in ["7bytes", "50tokens"] {
            assert_eq!(MinPassage::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(MinPassage::parse("100"), Ok(MinPassage::Bytes(100)));
        assert!(MinPassage::parse("5words").unwrap_err().contains("tokens") && MinPassage::parse("x").is_err());
        assert!(options.admits(5, 3) && !options.admits(50, 2));
        assert!(PassageOptions { normalise: Normalise::Tokens, ..PassageOptions::default() }.fault().is_some());
        assert!(bytes(0).fault().is_some() && bytes(100).fault().is_none());
    }
}
