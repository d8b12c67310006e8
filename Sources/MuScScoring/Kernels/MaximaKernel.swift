/// How the patches of two images are compared: in fp32 throughout, or with int8 products that name a partner.
///
/// A kernel prepares images as panels and rows, folds strips of their products into maxima, and reads from these the
/// distance of each patch to its nearest partner. ``MutualDistances`` decides on the order.
protocol MaximaKernel: Sendable {
    /// What is kept for each judged patch and judge.
    associatedtype Distance: BitwiseCopyable & Comparable

    var plan: PartnerPlan { get }
    /// Bytes of a panel, a multiple of 64, and of the rows of the largest step.
    var panelBytes: Int { get }
    var rowBytes: Int { get }

    func packPanel(_ panel: Int, of image: Int, into bytes: UnsafeMutableRawPointer)
    func packRows(of step: PartnerPlan.Step, image: Int, into bytes: UnsafeMutableRawPointer)
    func fold(_ step: PartnerPlan.Step, rows: UnsafeRawPointer, _ first: PanelMaxima, _ second: PanelMaxima)

    /// Reads the distances of the row image's patches from its lanes, `[patches, 16]`.
    func rowDistances(_ lanes: UnsafePointer<Float>, into distances: UnsafeMutablePointer<Distance>)
    /// The distance that a panel's lane holds.
    func columnDistance(_ maximum: Float, group: UInt32) -> Distance
    /// A distance that no patch exceeds.
    static var farthest: Distance { get }
    /// Stands for the distance of a patch that is not compared: whatever can be averaged.
    static var unjudged: Distance { get }
}

/// A panel of a column image, and where its products' maxima are kept.
struct PanelMaxima {
    /// The panel's index in the plan.
    var index: Int
    var panel: UnsafeRawPointer
    /// `[16]`: the maxima of the panel's lanes.
    var column: UnsafeMutablePointer<Float>
    /// `[16]`: the row group where each maximum was found, for kernels that keep track of it.
    var groups: UnsafeMutablePointer<UInt32>
    /// `[patches, 16]`: the maxima of the row image's patches with the column image, lane by lane.
    var rows: UnsafeMutablePointer<Float>
}
