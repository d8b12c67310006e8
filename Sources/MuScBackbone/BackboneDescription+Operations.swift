extension BackboneDescription {
    /// Floating-point operations of one image's way through the first blocks, a multiply-add counted as two.
    ///
    /// Products alone: patch embedding, QKV, attention, its projection and the MLP.
    ///
    /// - Parameters:
    ///   - patches: The patches of the grid.
    ///   - blocks: How many blocks are run.
    package func operations(patches: Int, blocks: Int) -> Double {
        let length = Double(1 + registers + patches), width = Double(width)
        let linear = 2 * length * (4 * width * width + 2 * width * Double(mlpWidth))
        let attention = 4 * length * length * width
        let embedding = 2 * Double(patches * 3 * patch * patch) * width
        return embedding + Double(blocks) * (linear + attention)
    }
}
