//! The tests of `walk-plan` through its public interface.
