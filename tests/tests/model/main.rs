//! Models: the client against an endpoint that speaks the real wire format over a real socket, and what comes of
//! answers, hostile ones above all.

#![allow(clippy::unwrap_used)]

mod asking;
mod injection;
mod mutants;
mod provider;
mod reach;
mod talk;
