//! A condition of WHERE that is forgotten.

use super::{Operator, each_select, take_conjunct};

pub const OPERATOR: Operator = Operator {
    name: "conjunct",
    apply: |query, site, _| {
        each_select(query, |select| {
            take_conjunct(&mut select.selection, site, |_| true);
        });
    },
};
