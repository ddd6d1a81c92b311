//! Which of several indexes stand in for each other: where both are there, one of them is not used.

use super::Index;

/// Says of each index by which one before it in the list it can be replaced. Two that serve the same place of one
/// table do, since a scan goes by one of them; so do two of different tables if the second serves nothing that
/// the first does not, since a join starts from one side.
pub fn mark_alternatives(indexes: &mut [Index]) {
    for at in 0..indexes.len() {
        let (before, rest) = indexes.split_at_mut(at);
        let Some(own) = rest.first_mut() else { return };
        own.alternative_to =
            before.iter().position(|other| other.alternative_to.is_none() && replaces(other, own));
    }
}

fn replaces(other: &Index, own: &Index) -> bool {
    let shared = |index: &Index| {
        index
            .serves
            .iter()
            .filter(|one| other.serves.iter().any(|it| (it.query, it.span) == (one.query, one.span)))
            .count()
    };
    match shared(own) {
        0 => false,
        _ if other.table == own.table => true,
        places => places == own.serves.len(),
    }
}
