//! The body of an answer, piece by piece: longer than is taken is left where it is. How slowly it may come is
//! bounded by the time of the whole call.

use reqwest::Response;

use super::error::ProviderError;

/// Longest answer, in bytes: a query of the longest kind that is verified, escaped, a dozen times.
pub(super) const MOST: usize = 1024 * 1024;

/// Reads it.
pub(super) async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, ProviderError> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(ProviderError::TooLong(most));
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| ProviderError::Unreachable)? {
        if body.len() + piece.len() > most {
            return Err(ProviderError::TooLong(most));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
