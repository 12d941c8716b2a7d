//! Tests that run the built programs, or look at the project as a whole.

mod mta;
