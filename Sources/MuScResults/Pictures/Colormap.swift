/// How a value from 0 to 1 becomes a colour.
///
/// `viridis`, `inferno` and `grey` grow evenly in lightness and keep their order for colour-blind readers; `jet`
/// is what the literature on anomaly detection shows; `turbo` is its smoother successor.
public enum Colormap: String, Sendable, Hashable, CaseIterable, Codable {
    case jet, turbo, viridis, inferno, grey

    /// The 256 colours from 0 to 1, red, green and blue in turn.
    ///
    /// - `jet`: MATLAB's piecewise-linear definition, which OpenCV's `COLORMAP_JET` follows.
    /// - `turbo`, `viridis`, `inferno`: every 15th colour of the published tables, straight lines between them, which
    ///   is nowhere more than 6 of 255 off. Turbo is Anton Mikhailov's (Google, 2019, Apache-2.0); viridis and inferno
    ///   are Stéfan van der Walt's and Nathaniel Smith's (matplotlib, 2015, CC0).
    /// - `grey`: black to white.
    public var table: [UInt8] {
        (0..<256).flatMap { index in colour(index).map { UInt8((min(max($0, 0), 1) * 255).rounded()) } }
    }

    /// Red, green and blue, 0 to 1 after clamping.
    private func colour(_ index: Int) -> [Double] {
        let value = Double(index) / 255
        return switch self {
        case .jet: [3.0, 2, 1].map { 1.5 - abs(4 * value - $0) }
        case .grey: [value, value, value]
        case .turbo: interpolated(Self.turboColours, index)
        case .viridis: interpolated(Self.viridisColours, index)
        case .inferno: interpolated(Self.infernoColours, index)
        }
    }

    private func interpolated(_ colours: [UInt32], _ index: Int) -> [Double] {
        let first = min(index / 15, colours.count - 2)
        let share = Double(index - 15 * first) / 15
        return [16, 8, 0].map { (shift: UInt32) -> Double in
            let from = Double(colours[first] >> shift & 255)
            let to = Double(colours[first + 1] >> shift & 255)
            return (from + (to - from) * share) / 255
        }
    }

    private static let turboColours: [UInt32] = [
        0x30123b, 0x3f3e9c, 0x4666dd, 0x458cfd, 0x2fb2f4, 0x1ad4d0, 0x22ebaa, 0x52fa7a, 0x8bff4b, 0xb7f735, 0xdbe236,
        0xf5c53a, 0xfea130, 0xf9751d, 0xe84b0c, 0xce2d04, 0xa91601, 0x7a0403,
    ]

    private static let viridisColours: [UInt32] = [
        0x440154, 0x481769, 0x472a7a, 0x433d84, 0x3d4e8a, 0x355e8d, 0x2e6d8e, 0x297b8e, 0x23898e, 0x1f978b, 0x21a585,
        0x2eb37c, 0x46c06f, 0x65cb5e, 0x89d548, 0xb0dd2f, 0xd8e219, 0xfde725,
    ]

    private static let infernoColours: [UInt32] = [
        0x000004, 0x0a0722, 0x1e0c45, 0x380962, 0x510e6c, 0x69166e, 0x801f6c, 0x982766, 0xb0315b, 0xc63d4d, 0xd94d3d,
        0xe9612b, 0xf47918, 0xfa9407, 0xfcb014, 0xf8cd37, 0xf2ea69, 0xfcffa4,
    ]
}
