//! Medians of small samples, some of which may be missing.

/// The middle of the values, of two the lower; nothing where there are none.
pub(super) fn middle<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    let middle = values.len().checked_sub(1)? / 2;
    values.get(middle).copied()
}

/// The middle where a missing value is larger than any: nothing where it is the middle.
pub(super) fn middle_of_all(values: &[Option<u64>]) -> Option<u64> {
    let mut known: Vec<u64> = values.iter().copied().flatten().collect();
    known.sort_unstable();
    known.get(values.len().checked_sub(1)? / 2).copied()
}

/// The largest; nothing where one is missing, or all are.
pub(super) fn worst(values: &[Option<u64>]) -> Option<u64> {
    values.iter().copied().collect::<Option<Vec<u64>>>()?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_one_of_the_values() {
        let middles = [vec![], vec![7], vec![9, 7], vec![9, 1, 7], vec![4, 3, 2, 1], vec![5, 1, 4, 2, 3]].map(middle);
        assert_eq!(middles, [None, Some(7), Some(7), Some(7), Some(2), Some(3)]);
    }

    #[test]
    fn what_is_missing_is_larger_than_what_is_known() {
        let table = [
            (vec![], None, None),
            (vec![Some(3), Some(1), Some(2), Some(5), Some(4)], Some(3), Some(5)),
            (vec![Some(3), None, Some(2), None, Some(1)], Some(3), None),
            (vec![Some(3), None, Some(2), None, None], None, None),
        ];
        for (values, middle, largest) in table {
            assert_eq!((middle_of_all(&values), worst(&values)), (middle, largest), "{values:?}");
        }
    }
}
