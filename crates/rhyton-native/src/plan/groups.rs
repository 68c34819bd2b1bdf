use std::collections::BTreeMap;

use rhyton_graph::{Graph, NodeId, Primitive, Shape};

use super::elementwise;
use super::products;
use super::views::Views;

/// Nodes that one step computes.
#[derive(Debug, Clone)]
pub(crate) enum Unit {
    /// Elementwise nodes of one shape, rising, perhaps behind a product of that shape.
    Chain { members: Vec<NodeId>, product: Option<NodeId> },
    /// One node by its own kernel, or a reordering carried out in memory.
    Single(NodeId),
}

/// Which nodes are computed, and together with which.
pub(crate) struct Groups {
    pub(crate) units: Vec<Unit>,
    /// The unit of each node that has memory or is computed; none for leaves, views, dead nodes.
    pub(crate) unit_of: Vec<Option<usize>>,
    /// Where each unit stands between inputs and results: level, then last node.
    pub(crate) order: Vec<(usize, usize)>,
}

/// Where a node stands between the inputs and the results. Two elementwise nodes of one shape and
/// one level can be one step: along a path between them through another step the level would rise.
struct Levels<'a> {
    graph: &'a Graph,
    views: &'a Views,
    live: Vec<bool>,
    chained: Vec<bool>,
    level: Vec<usize>,
}

impl Groups {
    /// Cuts a graph into steps.
    pub(crate) fn find(graph: &Graph, views: &Views) -> Self {
        let levels = Levels::assign(graph, views);
        let mut sets = Sets::new(graph.nodes.len());
        let mut sharers: BTreeMap<(NodeId, usize, Vec<String>), NodeId> = BTreeMap::new();
        for (id, node) in graph.iter().filter(|(id, _)| levels.chained[id.index()]) {
            for operand in elementwise::operands(graph, id) {
                let view = views.read(operand);
                let root = view.root;
                if levels.joins(root, view.is_root(), id) {
                    sets.union(root, id);
                } else if graph.node(root).spec.shape.rank() > 0 {
                    // Two users of one value at one level are one sweep over it.
                    let shape = node.spec.shape.iter().map(ToString::to_string).collect();
                    let key = (root, levels.level[id.index()], shape);
                    let first = *sharers.entry(key).or_insert(id);
                    sets.union(first, id);
                }
            }
        }
        let mut this =
            Self { units: Vec::new(), unit_of: vec![None; graph.nodes.len()], order: Vec::new() };
        this.collect(graph, &levels, &mut sets);
        this.attach_products(graph, views, &levels);
        let key = |unit: &Unit| {
            let last = match unit {
                Unit::Chain { members, .. } => members[members.len() - 1],
                Unit::Single(node) => *node,
            };
            (levels.level[last.index()], last.index())
        };
        this.order = this.units.iter().map(key).collect();
        this
    }

    fn collect(&mut self, graph: &Graph, levels: &Levels<'_>, sets: &mut Sets) {
        for (id, node) in graph.iter() {
            if !levels.computed(id) {
                continue;
            }
            let unit = if levels.chained[id.index()] {
                let first = sets.find(id);
                let known = self.unit_of[first.index()];
                let unit = known.unwrap_or(self.units.len());
                if known.is_none() {
                    self.units.push(Unit::Chain { members: Vec::new(), product: None });
                    self.unit_of[first.index()] = Some(unit);
                }
                if let Unit::Chain { members, .. } = &mut self.units[unit] {
                    members.push(id);
                }
                unit
            } else {
                debug_assert!(!matches!(node.primitive, Primitive::Input(_)));
                self.units.push(Unit::Single(id));
                self.units.len() - 1
            };
            self.unit_of[id.index()] = Some(unit);
        }
    }

    /// Lets a product and the chain right behind it run panel by panel.
    fn attach_products(&mut self, graph: &Graph, views: &Views, levels: &Levels<'_>) {
        for chain in 0..self.units.len() {
            let Unit::Chain { members, .. } = &self.units[chain] else { continue };
            // A product that has moved behind its chain leaves an empty unit.
            let Some(&first) = members.first() else { continue };
            let level = levels.level[first.index()];
            let shape = &graph.node(first).spec.shape;
            let product = members.iter().find_map(|&member| {
                elementwise::operands(graph, member).into_iter().find_map(|operand| {
                    let view = views.read(operand);
                    let fits = view.is_root()
                        && products::is_in_order(graph, view.root)
                        && graph.node(view.root).spec.shape == *shape
                        && levels.level[view.root.index()] + 1 == level;
                    fits.then_some(view.root)
                })
            });
            // A panel holds some rows only: a member that also reads the product turned would find
            // rows that are not computed yet.
            let lies_as_read = |dot: &NodeId| {
                let reads = members.iter().flat_map(|&member| elementwise::operands(graph, member));
                reads.map(|operand| views.read(operand)).all(|v| v.root != *dot || v.is_root())
            };
            let Some(dot) = product.filter(lies_as_read) else { continue };
            let alone = self.unit_of[dot.index()].expect("a product that is read is computed");
            if !matches!(self.units[alone], Unit::Single(_)) {
                continue;
            }
            self.units[alone] = Unit::Chain { members: Vec::new(), product: None };
            self.unit_of[dot.index()] = Some(chain);
            if let Unit::Chain { product, .. } = &mut self.units[chain] {
                *product = Some(dot);
            }
        }
        self.drop_empty();
    }

    /// Removes units that lost their product to a chain.
    fn drop_empty(&mut self) {
        let mut place = vec![None; self.units.len()];
        let mut kept = Vec::new();
        for (index, unit) in std::mem::take(&mut self.units).into_iter().enumerate() {
            let empty = matches!(&unit, Unit::Chain { members, .. } if members.is_empty());
            if !empty {
                place[index] = Some(kept.len());
                kept.push(unit);
            }
        }
        self.units = kept;
        for unit in &mut self.unit_of {
            *unit = unit.and_then(|index| place[index]);
        }
    }
}

impl<'a> Levels<'a> {
    fn assign(graph: &'a Graph, views: &'a Views) -> Self {
        let count = graph.nodes.len();
        let live = live_nodes(graph, views);
        let chained: Vec<bool> = graph
            .iter()
            .map(|(id, _)| live[id.index()] && elementwise::is_fast(graph, id))
            .collect();
        let mut this = Self { graph, views, live, chained, level: vec![0; count] };
        for (id, _) in graph.iter().filter(|(id, _)| this.live[id.index()]) {
            let below = this.reads(id).into_iter().map(|(root, whole)| {
                this.level[root.index()] + usize::from(!this.joins_shape(root, whole, id))
            });
            this.level[id.index()] = below.max().unwrap_or(0);
        }
        this.sink();
        this
    }

    /// Moves nodes up to just before their first user, so that they join its step instead of
    /// storing what only it needs. What leaves the program keeps its place.
    fn sink(&mut self) {
        let mut limit = vec![usize::MAX; self.graph.nodes.len()];
        let mut fixed = vec![false; self.graph.nodes.len()];
        for root in self.graph.roots() {
            fixed[self.views.read(root).root.index()] = true;
        }
        for index in (0..self.graph.nodes.len()).rev() {
            let id = NodeId(index as u32);
            if !self.live[index] {
                continue;
            }
            if self.computed(id) && !fixed[index] && limit[index] != usize::MAX {
                self.level[index] = limit[index];
            }
            for (root, whole) in self.reads(id) {
                let gap = usize::from(!self.joins_shape(root, whole, id));
                let bound = self.level[index] - gap.min(self.level[index]);
                limit[root.index()] = limit[root.index()].min(bound);
            }
        }
    }

    /// The nodes with memory that a node reads, and whether as they are.
    fn reads(&self, id: NodeId) -> Vec<(NodeId, bool)> {
        if !self.computed(id) {
            return Vec::new();
        }
        if self.views.moved[id.index()] {
            return vec![(self.views.source(id).root, false)];
        }
        let operands = elementwise::operands(self.graph, id).into_iter();
        let views = operands.map(|operand| self.views.read(operand));
        views.map(|view| (view.root, view.is_root())).collect()
    }

    /// Whether a node is computed by a step.
    fn computed(&self, id: NodeId) -> bool {
        let leaf = matches!(
            self.graph.node(id).primitive,
            Primitive::Input(_) | Primitive::Constant(_) | Primitive::ReadVariable(_)
        );
        self.live[id.index()] && !leaf && self.views.read(id).root == id
    }

    fn joins_shape(&self, operand: NodeId, whole: bool, user: NodeId) -> bool {
        let shape = |id: NodeId| -> &Shape { &self.graph.node(id).spec.shape };
        whole
            && self.chained[operand.index()]
            && self.chained[user.index()]
            && shape(operand) == shape(user)
    }

    fn joins(&self, operand: NodeId, whole: bool, user: NodeId) -> bool {
        self.joins_shape(operand, whole, user)
            && self.level[operand.index()] == self.level[user.index()]
    }
}

/// The nodes with memory on which outputs and assignments depend.
fn live_nodes(graph: &Graph, views: &Views) -> Vec<bool> {
    let mut live = vec![false; graph.nodes.len()];
    for root in graph.roots() {
        live[views.read(root).root.index()] = true;
    }
    for index in (0..graph.nodes.len()).rev() {
        if !live[index] {
            continue;
        }
        let id = NodeId(index as u32);
        if views.moved[index] {
            live[views.source(id).root.index()] = true;
            continue;
        }
        for operand in elementwise::operands(graph, id) {
            live[views.read(operand).root.index()] = true;
        }
    }
    live
}

/// Disjoint sets of nodes; the lowest node stands for its set.
struct Sets(Vec<u32>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    fn find(&mut self, id: NodeId) -> NodeId {
        let mut root = id.0;
        while self.0[root as usize] != root {
            root = self.0[root as usize];
        }
        self.0[id.index()] = root;
        NodeId(root)
    }

    fn union(&mut self, a: NodeId, b: NodeId) {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        self.0[high.index()] = low.0;
    }
}
