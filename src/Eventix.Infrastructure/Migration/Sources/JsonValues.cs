using System.Buffers;
using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Cuts a stream of JSON objects into its objects, however they follow each other: one a line, spread over lines, or as one array. It finds
/// where each ends and looks at nothing else, so that a broken one does not take the others with it.
/// </summary>
internal static class JsonValues
{
    // A document of 16 MB, every byte of it an int in canonical form, and some more.
    private const int LongestObject = 512 * 1024 * 1024;

    // Between objects stands white space, what an array has there, and at the begin of a file perhaps the mark of UTF-8.
    private static readonly SearchValues<byte> Between = SearchValues.Create(" \t\r\n,[]\uFEFF"u8);

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);

    /// <summary>Each object with the offset behind it.</summary>
    /// <param name="json">UTF-8. Stands between two objects.</param>
    /// <param name="offset">Where that is in the file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CorruptDumpException">What stands there is no object, or has no end.</exception>
    public static async IAsyncEnumerable<(byte[] Json, long End)> ReadAsync(
        Stream json,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (buffer, start, end) = (new byte[1 << 18], 0, 0);
        var scan = new Scan();
        while (true)
        {
            while (scan.TryFind(buffer.AsSpan(start, end - start), offset, out var from, out var to))
            {
                yield return (buffer[(start + from)..(start + to)], offset + to);
                start += to;
                offset += to;
            }

            var skipped = scan.Skipped;
            start += skipped;
            offset += skipped;
            (buffer, end) = MakeRoom(buffer, start, end);
            start = 0;

            var read = await FillAsync(json, buffer.AsMemory(end), offset, cancellationToken);
            if (read == 0)
                break;

            end += read;
        }

        if (end > 0)
            throw new CorruptDumpException(offset, "the file ends within a document");
    }

    private static (byte[] Buffer, int End) MakeRoom(byte[] buffer, int start, int end)
    {
        var left = end - start;
        var next = left > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
        buffer.AsSpan(start, left).CopyTo(next);

        return (next, left);
    }

    private static async Task<int> FillAsync(Stream json, Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await json.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException broken)
        {
            throw new CorruptDumpException(offset, $"it cannot be unpacked: {broken.Message}");
        }
    }

    /// <summary>Remembers how far an object has been looked at that is not yet there to its end.</summary>
    private sealed class Scan
    {
        private int _depth;
        private int _seen;
        private bool _inText;

        /// <summary>How much of what was looked at last stands before the next object, and is done with.</summary>
        public int Skipped { get; private set; }

        public bool TryFind(ReadOnlySpan<byte> json, long offset, out int from, out int to)
        {
            (from, to, Skipped) = (0, 0, 0);
            if (_depth == 0)
            {
                from = FindBegin(json, offset);
                Skipped = from;
                if (from == json.Length)
                    return false;

                (_depth, _seen) = (1, 1);
                json = json[from..];
            }

            if (json.Length > LongestObject)
                throw new CorruptDumpException(offset, $"a document of more than {LongestObject >> 20} MB, which cannot be");
            if (!FindEnd(json))
                return false;

            to = from + _seen;
            (_depth, _seen, Skipped) = (0, 0, 0);
            return true;
        }

        private static int FindBegin(ReadOnlySpan<byte> json, long offset)
        {
            var begin = json.IndexOfAnyExcept(Between);
            if (begin < 0)
                return json.Length;

            return json[begin] == '{'
                ? begin
                : throw new CorruptDumpException(offset + begin, "a JSON object should begin there, and something else does");
        }

        private bool FindEnd(ReadOnlySpan<byte> json)
        {
            while (_seen < json.Length)
            {
                if (_inText)
                {
                    var next = json[_seen..].IndexOfAny((byte)'"', (byte)'\\');
                    if (next < 0)
                    {
                        _seen = json.Length;
                        return false;
                    }

                    if (json[_seen + next] == '\\')
                    {
                        // What is escaped may not be there yet.
                        if (_seen + next + 1 >= json.Length)
                        {
                            _seen += next;
                            return false;
                        }

                        _seen += next + 2;
                        continue;
                    }

                    _seen += next + 1;
                    _inText = false;
                    continue;
                }

                var at = json[_seen..].IndexOfAny(Structure);
                if (at < 0)
                {
                    _seen = json.Length;
                    return false;
                }

                _seen += at + 1;
                switch (json[_seen - 1])
                {
                    case (byte)'"':
                        _inText = true;
                        break;
                    case (byte)'{' or (byte)'[':
                        _depth++;
                        break;
                    default:
                        if (--_depth == 0)
                            return true;
                        break;
                }
            }

            return false;
        }
    }
}
