//! What is to be analysed, as messages of an SQS queue: what they say, sending many of them, and sending again what has
//! ended among the dead letters.
//!
//! It knows nothing of what is done about a message. One may be delivered several times, and in any order.

mod queue;
mod redrive;
mod task;

pub use queue::{Queue, QueueError};
pub use redrive::redrive;
pub use task::{InvalidTask, Task};
