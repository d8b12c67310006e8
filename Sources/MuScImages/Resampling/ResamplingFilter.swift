/// A filter that weighs the input pixels around an output pixel's centre, by their distance in output pixels
/// where the image shrinks and in input pixels where it grows. As in Pillow.
package enum ResamplingFilter: Sendable, Hashable, CaseIterable {
    /// The mean of the pixels that an output pixel covers; when enlarging, the nearest pixel.
    case box
    /// 1 − |x| up to 1. What DINO and DINOv2 take.
    case bilinear
    /// Keys' cubic with a = −0.5, up to 2. What CLIP takes.
    case bicubic

    /// The distance up to which the filter is not zero.
    var support: Double {
        switch self {
        case .box: 0.5
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    func callAsFunction(_ position: Double) -> Double {
        let x = abs(position)
        switch self {
        case .box:
            // Half open, so that of two pixels at the edges only one counts.
            return position > -0.5 && position <= 0.5 ? 1 : 0
        case .bilinear:
            return x < 1 ? 1 - x : 0
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        }
    }
}
