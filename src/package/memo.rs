//! What was made of the texts inside an object: made once, however many ask.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use crate::yaml::Node;

/// What was made of the nodes of an object, by their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    made: RefCell<Vec<(u32, Rc<dyn Any>)>>,
}

impl Memo {
    /// What `make` makes of `node`, or made of it before.
    pub(super) fn of<T: 'static>(&self, node: Node<'_>, make: impl FnOnce() -> T) -> Rc<T> {
        let known = self.made.borrow().iter().filter(|(id, _)| *id == node.id()).find_map(|(_, made)| Rc::clone(made).downcast().ok());
        known.unwrap_or_else(|| {
            let new = Rc::new(make());
            self.made.borrow_mut().push((node.id(), Rc::clone(&new) as Rc<dyn Any>));
            new
        })
    }
}
