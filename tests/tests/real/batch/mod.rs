//! The batch on its real components: moto's SQS through the real client, the embedded DynamoDB, the functions' own code.

mod faults;
mod lambda;
mod queues;
mod redrive;
mod report;
mod stale;

pub use queues::Queues;
