//! A fair sample of things that cost very different amounts of work, within a budget.
//!
//! Each thing draws a number. Once those that were looked at have cost more than the budget, the half
//! of them whose number is odd is forgotten, and of those to come no odd one is looked at; then half of
//! the rest, and so on. So in the end each thing had the same chance, wherever it stood and whatever it
//! cost. The draws are the same each time.

/// What was found in the things drawn so far.
pub struct Sample<T> {
    max_cost: u64,
    cost: u64,
    n_offered: u64,
    /// How often half of the things were left out.
    n_halvings: u32,
    drawn: Vec<Drawn<T>>,
}

struct Drawn<T> {
    draw: u64,
    cost: u64,
    found: T,
}

/// About so many are kept, whatever they cost: of fewer a rate says nothing.
const MIN_DRAWN: usize = 5;

impl<T> Sample<T> {
    /// A sample of things that cost about this much together.
    pub fn new(max_cost: u64) -> Self {
        Self {
            max_cost,
            cost: 0,
            n_offered: 0,
            n_halvings: 0,
            drawn: Vec::new(),
        }
    }

    /// Looks at the next thing, if it is drawn: that gives what was found, and what it cost.
    pub fn offer(&mut self, look: impl FnOnce() -> (T, u64)) {
        let draw = mixed(self.n_offered);
        self.n_offered += 1;
        if draw.trailing_zeros() < self.n_halvings {
            return;
        }
        let (found, cost) = look();
        self.cost += cost;
        self.drawn.push(Drawn { draw, cost, found });
        while self.cost > self.max_cost && self.drawn.len() > 2 * MIN_DRAWN {
            self.n_halvings += 1;
            let n_halvings = self.n_halvings;
            self.drawn
                .retain(|drawn| drawn.draw.trailing_zeros() >= n_halvings);
            self.cost = self.drawn.iter().map(|drawn| drawn.cost).sum();
        }
    }

    /// Whether anything was left out.
    pub fn is_thinned(&self) -> bool {
        self.n_halvings > 0
    }

    /// What was found in the things drawn.
    pub fn into_drawn(self) -> impl Iterator<Item = T> {
        self.drawn.into_iter().map(|drawn| drawn.found)
    }
}

/// The number that a thing draws: splitmix64 of its place, so that what comes round regularly is drawn
/// as often as anything else.
fn mixed(place: u64) -> u64 {
    let mut mixed = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers places by what each costs; gives those drawn, and what all that were looked at cost.
    fn drawn(max_cost: u64, costs: impl Iterator<Item = u64>) -> (Vec<usize>, u64) {
        let mut sample = Sample::new(max_cost);
        let mut all = 0;
        for (place, cost) in costs.enumerate() {
            sample.offer(|| {
                all += cost;
                (place, cost)
            });
        }
        (sample.into_drawn().collect(), all)
    }

    #[test]
    fn all_are_looked_at_within_the_budget() {
        let (places, _) = drawn(100, std::iter::repeat_n(1, 100));
        assert_eq!(places, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn beyond_it_each_has_the_same_chance_whatever_it_costs() {
        // The first half and every third thing cost much.
        let is_dear = |place: u64| place < 50_000 || place.is_multiple_of(3);
        let cost = |place| if is_dear(place) { 1000 } else { 1 };
        let (places, all) = drawn(1_000_000, (0..100_000).map(cost));
        assert!(all < 10_000_000, "{all}");
        assert!((500..3000).contains(&places.len()), "{}", places.len());
        for (step, rest) in [(2, 0), (2, 1), (3, 0), (16, 5)] {
            let n = places.iter().filter(|place| *place % step == rest).count();
            let expected = places.len() / step;
            assert!(n.abs_diff(expected) < expected / 3, "{n} of {expected}");
        }
        let n_early = places.iter().filter(|place| **place < 50_000).count();
        assert!(n_early.abs_diff(places.len() / 2) < places.len() / 10);
    }

    #[test]
    fn some_are_kept_however_dear() {
        let (places, all) = drawn(1, std::iter::repeat_n(1_000, 100_000));
        assert!((2..=10).contains(&places.len()), "{}", places.len());
        assert!(all < 500_000, "{all}");
    }
}
