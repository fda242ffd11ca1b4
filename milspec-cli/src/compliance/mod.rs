// SPDX-License-Identifier: GPL-2.0

//! Compliance evidence: how a machine stands against what published controls ask for.
//!
//! [`REGISTRY`] says what is looked at, [`Subject`] how one machine stands, [`judge()`] what each check
//! comes to. Nothing here claims that a control of a framework is satisfied: a check covers settings of
//! one machine.

pub mod attestations;
pub mod csv;
pub mod document;
pub mod exceptions;
pub mod facts;
pub mod framework;
pub mod html;
pub mod judge;
pub mod modes;
pub mod oscal;
pub mod period;
pub mod registry;
pub mod subject;

pub use document::{About, Assessment, Document, Evidence, Selection};
pub use judge::judge;
pub use registry::REGISTRY;
pub use subject::Subject;
