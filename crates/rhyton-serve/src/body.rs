use std::convert::Infallible;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::limits::{BODIES_HELD_MAX, Limits};

/// The memory that bodies and answers may take, all together; its unit is a KiB.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A body as it came in, and its share of the budget.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    gzip: bool,
    bytes_max: usize,
    _shares: Vec<OwnedSemaphorePermit>,
}

/// An answer that keeps what was taken for it until it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    text: Full<Bytes>,
    _kept: [OwnedSemaphorePermit; 2],
}

impl Answer {
    pub(crate) fn new(text: String, kept: [OwnedSemaphorePermit; 2]) -> Self {
        Self { text: Full::new(Bytes::from(text)), _kept: kept }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.text).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.text.size_hint()
    }
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let units = bytes_max.div_ceil(1024).saturating_mul(BODIES_HELD_MAX).max(BODIES_HELD_MAX);
        Self(Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))))
    }

    /// A share, for as long as it is kept.
    pub(crate) fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Failure> {
        let units = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        Arc::clone(&self.0)
            .try_acquire_many_owned(units)
            .map_err(|_error| Failure::busy("The server holds too many requests; try again later"))
    }
}

/// What is paid for of a told length before any of it has come.
const PAID_AHEAD_MAX: usize = 64 << 10;

/// Reads a body; more than `bytes_max` is refused, before it is read if its length is told.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    bytes_max: usize,
    budget: &Budget,
) -> Result<Held, Failure> {
    let gzip = encoding(headers)?;
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let told: Option<usize> = told.and_then(|length| length.parse().ok());
    if told.is_some_and(|length| length > bytes_max) {
        return Err(Failure::too_large("The request's body", bytes_max));
    }
    let mut shares = Vec::new();
    // Bytes are paid for as they arrive: who only tells a length must not keep others out.
    let mut paid = told.unwrap_or(0).min(PAID_AHEAD_MAX);
    if paid > 0 {
        shares.push(budget.take(paid)?);
    }
    let mut bytes = Vec::with_capacity(paid);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::invalid(format!("Broken body: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        let total = bytes.len() + data.len();
        if total > bytes_max {
            return Err(Failure::too_large("The request's body", bytes_max));
        }
        if total > paid {
            let more = (total - paid).max(paid.clamp(64 << 10, 4 << 20));
            shares.push(budget.take(more)?);
            paid += more;
        }
        bytes.extend_from_slice(data);
    }
    Ok(Held { bytes, gzip, bytes_max, _shares: shares })
}

/// Reads what is left of a body and drops it; whether its end came within the limits.
pub(crate) async fn discard(mut body: Body, limits: &Limits) -> bool {
    let mut left = limits.body_bytes_max.saturating_mul(2);
    let reading = async {
        while let Some(frame) = body.frame().await {
            let size = frame.ok()?.data_ref().map_or(0, Bytes::len);
            left = left.checked_sub(size)?;
        }
        Some(())
    };
    matches!(timeout(limits.timeout, reading).await, Ok(Some(())))
}

/// Whether the body is compressed by gzip.
fn encoding(headers: &HeaderMap) -> Result<bool, Failure> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    match value.as_bytes().to_ascii_lowercase().as_slice() {
        b"gzip" => Ok(true),
        b"" | b"identity" => Ok(false),
        _ => {
            let message = "Content-Encoding: expected gzip or none";
            Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
        }
    }
}

impl Held {
    /// The body, inflated if need be; that may take a while.
    pub(crate) fn inflated(&mut self) -> Result<Vec<u8>, Failure> {
        if !self.gzip {
            return Ok(std::mem::take(&mut self.bytes));
        }
        let mut inflated = Vec::new();
        let read = MultiGzDecoder::new(self.bytes.as_slice())
            .take(self.bytes_max as u64 + 1)
            .read_to_end(&mut inflated);
        read.map_err(|error| Failure::invalid(format!("Broken gzip body: {error}")))?;
        if inflated.len() > self.bytes_max {
            return Err(Failure::too_large("The request's inflated body", self.bytes_max));
        }
        Ok(inflated)
    }
}
