/// How a value from 0 to 1 becomes a colour.
///
/// `viridis`, `inferno` and `grey` grow evenly in lightness and keep their order for colour-blind readers; `jet`
/// is what the literature on anomaly detection shows; `turbo` is its smoother successor.
public enum Colormap: String, Sendable, Hashable, CaseIterable, Codable {
    case jet, turbo, viridis, inferno, grey

    /// The 256 colours from 0 to 1, red, green and blue in turn.
    ///
    /// - `jet`: MATLAB's piecewise-linear definition.
    /// - `turbo`: the polynomial approximation by Ruofei Du in Google's "Turbo, An Improved Rainbow Colormap" (2019).
    /// - `viridis`, `inferno`: Matt Zucker's polynomial fits (shadertoy.com/view/WlfXRN, CC0) to the maps that Stéfan
    ///   van der Walt and Nathaniel Smith made for matplotlib.
    /// - `grey`: black to white.
    public var table: [UInt8] {
        (0..<256).flatMap { index in
            let value = Double(index) / 255
            return colour(value).map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
        }
    }

    private func colour(_ value: Double) -> [Double] {
        switch self {
        case .jet: [3.0, 2, 1].map { 1.5 - abs(4 * value - $0) }
        case .grey: [value, value, value]
        case .turbo: Self.turboPolynomials.map { polynomial($0, value) }
        case .viridis: Self.viridisPolynomials.map { polynomial($0, value) }
        case .inferno: Self.infernoPolynomials.map { polynomial($0, value) }
        }
    }

    /// Σ coefficients[i] · xⁱ, by Horner's rule.
    private func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reversed().reduce(0) { $0 * x + $1 }
    }

    private static let turboPolynomials: [[Double]] = [
        [0.13572138, 4.61539260, -42.66032258, 132.13108234, -152.94239396, 59.28637943],
        [0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604],
        [0.10667330, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973],
    ]

    private static let viridisPolynomials: [[Double]] = [
        [
            0.2777273272234177, 0.1050930431085774, -0.3308618287255563, -4.634230498983486, 6.228269936347081,
            4.776384997670288, -5.435455855934631,
        ],
        [
            0.005407344544966578, 1.404613529898575, 0.214847559468213, -5.799100973351585, 14.17993336680509,
            -13.74514537774601, 4.645852612178535,
        ],
        [
            0.3340998053353061, 1.384590162594685, 0.09509516302823659, -19.33244095627987, 56.69055260068105,
            -65.35303263337234, 26.3124352495832,
        ],
    ]

    private static let infernoPolynomials: [[Double]] = [
        [
            0.0002189403691192265, 0.1065134194856116, 11.60249308247187, -41.70399613139459, 77.162935699427,
            -71.31942824499214, 25.13112622477341,
        ],
        [
            0.001651004631001012, 0.5639564367884091, -3.972853965665698, 17.43639888205313, -33.40235894210092,
            32.62606426397723, -12.24266895238567,
        ],
        [
            -0.01948089843709184, 3.932712388889277, -15.9423941062914, 44.35414519872813, -81.80730925738993,
            73.20951985803202, -23.07032500287172,
        ],
    ]
}
