//! A stream from which no more is read than was agreed on: the server is somebody else's, and what it sends
//! ends up in our memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes that are read from a server in a session: results to compare, plans of many lines.
pub(crate) const MOST_BYTES: u64 = 128 << 20;

/// A way to a server.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A stream that ends with an error once too much was read.
pub(crate) struct Metered {
    inner: Box<dyn Wire>,
    left: u64,
}

impl Metered {
    pub(crate) fn new(inner: impl Wire + 'static, most: u64) -> Self {
        Self { inner: Box::new(inner), left: most }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("it sends more than is taken")));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut *self.inner).poll_read(cx, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn the_rest_is_not_read() {
        let (mut here, there) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut here, &[7; 32]).await.unwrap();
        let mut metered = Metered::new(there, 8);
        let mut buffer = [0; 8];
        metered.read_exact(&mut buffer).await.unwrap();
        assert!(metered.read_u8().await.is_err());
    }
}
