using System.Globalization;

namespace Eventix.Domain.Tasks;

/// <summary>
/// The fencing token of a task: which incarnation of its uid (<see cref="Incarnation"/>, the row's id) and how often that was written
/// (<see cref="Counter"/>, from 1). On the wire it is `&lt;counter&gt;-&lt;32 hex&gt;`, opaque to clients (they refuse an int).
/// </summary>
/// <remarks>
/// The hex part is a keyless permutation of both numbers: it needs no storage, looks like the hash that clients know, differs between two
/// tasks that were posted under one uid one after the other, and can be turned back, so that a write is fenced by two plain columns in the
/// statement that writes. It guards against stale writers, not against forgers.
/// </remarks>
public readonly record struct Revision(long Incarnation, long Counter)
{
    private const int Rounds = 4;

    /// <summary>Reads a revision that this server made; null for any other text (nothing stored matches it).</summary>
    public static Revision? Parse(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1 || text.Length != dash + 33)
            return null;

        var digits = text.AsSpan(dash + 1);
        if (
            !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var counter)
            || !ulong.TryParse(digits[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var left)
            || !ulong.TryParse(digits[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var right)
        )
            return null;

        for (var round = Rounds - 1; round >= 0; round--)
            (left, right) = (right ^ Mix(left, round), left);

        var revision = new Revision((long)left, (long)right);

        // Upper-case digits or leading zeros would be another text for the same token: only the text that was sent out matches.
        return revision.Counter == counter && revision.ToString() == text ? revision : null;
    }

    /// <summary>
    /// The counter that a sent revision carries when a task is created with it: the number before its only dash, 0 for null and for any
    /// other text. Returns false when that number is too large to be counted on.
    /// </summary>
    public static bool TryReadCounter(string? text, out long counter)
    {
        counter = 0;
        var dash = text?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        if (text is null || dash < 1 || text.LastIndexOf('-') != dash || text.AsSpan(0, dash).ContainsAnyExceptInRange('0', '9'))
            return true;

        return long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out counter) && counter < long.MaxValue;
    }

    public override string ToString()
    {
        var (left, right) = ((ulong)Incarnation, (ulong)Counter);
        for (var round = 0; round < Rounds; round++)
            (left, right) = (right, left ^ Mix(right, round));

        return string.Create(CultureInfo.InvariantCulture, $"{Counter}-{left:x16}{right:x16}");
    }

    // The finaliser of SplitMix64: every bit of the half changes about half of the bits of the other one.
    private static ulong Mix(ulong half, int round)
    {
        var z = half + (0x9E3779B97F4A7C15UL * (ulong)(round + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
