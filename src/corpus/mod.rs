//! What is compared: sources, documents, segments, tokens, shingles.
//!
//! Text comes in once and is never changed; everything after is about byte [`Span`]s of it. Normalised text is hashed
//! and thrown away, so there is no map from normalised to original offsets.

mod bytes;
pub(crate) mod chars;
mod deal;
mod document;
mod escape;
mod excerpt;
mod lower;
mod segment;
mod sentence;
mod shingle;
mod span;
mod tokens;

pub use bytes::Bytes;
pub(crate) use deal::deal;
pub(crate) use document::CHECKPOINT;
pub use document::{Codec, Corpus, DocId, Document, Encoding, Format, Reject, Role, Skipped, Source};
pub(crate) use escape::validate_to_end as validate_json_string_to_end;
pub(crate) use escape::{Passed, Walk};
pub use escape::{decode as decode_json_string, validate as validate_json_string};
pub(crate) use excerpt::{WINDOW as EXCERPT_WINDOW, excerpt, excerpt_of};
pub use excerpt::{is_unsafe, plain};
pub(crate) use segment::is_blank;
pub use segment::{ParagraphBreak, Segmenter, Unit};
pub(crate) use sentence::sentences_of;
pub use shingle::{Shingler, shingle_set};
pub use span::{Place, Span};
pub use tokens::{TokenOptions, Tokens, token_end};
