using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// The top level of a document, read as the old server's model read it. The first field that does not hold what it should is remembered as the
/// fault. Of a field that stands there twice, the last counts.
/// </summary>
internal ref struct DocumentFields
{
    private const int LongestShown = 60;

    private readonly ReadOnlySpan<byte> _document;
    private List<string>? _unknown;
    private Slots _slots;

    /// <exception cref="FormatException">The document is damaged.</exception>
    public DocumentFields(ReadOnlySpan<byte> document)
    {
        _document = document;
        var elements = new BsonElements(document);
        for (var expected = 0; elements.Next(); )
        {
            var field = LegacyField.Find(elements.Name, expected);
            if (field < 0)
            {
                (_unknown ??= []).Add(Encoding.UTF8.GetString(elements.Name));
                continue;
            }

            _slots[field] = new Slot(elements.Type, elements.ValueStart, elements.Value.Length, IsThere: true);
            expected = field + 1;
        }
    }

    public string? Fault { get; private set; }

    /// <summary>Names that no field of a task has.</summary>
    public readonly IReadOnlyList<string> Unknown => _unknown ?? [];

    public readonly bool Has(int field) => _slots[field].IsThere;

    /// <summary>The value as it stands in the document.</summary>
    public readonly ReadOnlySpan<byte> Value(int field) => _document.Slice(_slots[field].Start, _slots[field].Length);

    public readonly BsonType Type(int field) => _slots[field].Type;

    public string RequiredText(int field)
    {
        if (!Has(field))
            Fail($"{LegacyField.Names[field]} is missing: a text is needed.");
        else if (IsNull(field))
            Fail($"{LegacyField.Names[field]} is null: a text is needed.");

        return Text(field) ?? "";
    }

    public string? Text(int field)
    {
        if (IsNull(field))
            return null;

        return Type(field) == BsonType.String
            ? BsonElements.ToText(TextOf(field))
            : Fail<string?>($"{LegacyField.Names[field]} {Shown(field)} is not a text.");
    }

    /// <summary>Anything but a text that can be stored is no revision, as if there were none.</summary>
    public readonly string? Revision() =>
        Type(LegacyField.Rev) == BsonType.String
        && BsonElements.ToText(TextOf(LegacyField.Rev)) is var text
        && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : null;

    public EventixTaskStatus Status()
    {
        if (IsNull(LegacyField.Status))
            return EventixTaskStatus.Scheduled;

        var status =
            Type(LegacyField.Status) == BsonType.String
                ? EventixTaskStatusText.Parse(BsonElements.ToText(TextOf(LegacyField.Status)))
                : null;
        return status
            ?? Fail<EventixTaskStatus>(
                $"status {Shown(LegacyField.Status)} is not known: scheduled, processing, done, error, retry or null are."
            );
    }

    public DateTimeOffset? Time(int field)
    {
        if (IsNull(field))
            return null;

        DateTimeOffset time = default;
        var value = Value(field);
        var isTime = Type(field) switch
        {
            BsonType.DateTime => TryReadDate(BinaryPrimitives.ReadInt64LittleEndian(value), out time),
            BsonType.String => LaxInput.TryReadTime(TextOf(field), out time, out _),
            BsonType.Int32 or BsonType.Int64 or BsonType.Double => LaxInput.TryReadTime(Number(field), out time, out _),
            _ => false,
        };

        return isTime
            ? time
            : Fail<DateTimeOffset?>(
                $"{LegacyField.Names[field]} {Shown(field)} is not a time: a date from the years 1 to 9999, ISO 8601 text, a unix time or null is."
            );
    }

    public int? Int(int field)
    {
        if (IsNull(field))
            return null;

        long number = 0;
        var value = Value(field);
        var isNumber = Type(field) switch
        {
            BsonType.Int32 => Is(BinaryPrimitives.ReadInt32LittleEndian(value), out number),
            BsonType.Int64 => Is(BinaryPrimitives.ReadInt64LittleEndian(value), out number),
            BsonType.Double => double.IsInteger(Number(field)) && Is((long)Number(field), out number),
            BsonType.String => LaxInput.TryReadDigits(BsonElements.ToText(TextOf(field)), out var digits)
                && long.TryParse(digits, out number),
            BsonType.Boolean => Is(value[0] != 0 ? 1 : 0, out number),
            _ => false,
        };

        return isNumber && number is >= int.MinValue and <= int.MaxValue
            ? (int)number
            : Fail<int?>($"{LegacyField.Names[field]} {Shown(field)} is not a whole number from {int.MinValue} to {int.MaxValue}.");
    }

    public bool? Bool(int field)
    {
        if (IsNull(field))
            return null;

        var value = Value(field);
        bool? truth = Type(field) switch
        {
            BsonType.Boolean => value[0] != 0,
            BsonType.String => LaxInput.ReadBool(BsonElements.ToText(TextOf(field))),
            BsonType.Int32 or BsonType.Int64 or BsonType.Double when Number(field) is 0 or 1 => Number(field) == 1,
            _ => null,
        };

        return truth ?? Fail<bool?>($"{LegacyField.Names[field]} {Shown(field)} is neither true nor false.");
    }

    /// <summary>The value as JSON; null when the field is missing or null.</summary>
    /// <param name="field">Which.</param>
    /// <param name="only">The type that it must have; null for any.</param>
    /// <param name="what">What that is called.</param>
    /// <param name="isExact">False when the JSON alone does not give the value back.</param>
    public ReadOnlyMemory<byte>? Json(int field, BsonType? only, string what, ref bool isExact)
    {
        if (IsNull(field))
            return null;

        if (only is not null && Type(field) != only)
        {
            Fail($"{LegacyField.Names[field]} is of the type {Type(field)}: {what} or null is needed.");
            return null;
        }

        var json = new ArrayBufferWriter<byte>(Math.Max(Value(field).Length, 16));
        try
        {
            isExact = BsonJson.Write(Type(field), Value(field), json, BsonJsonForm.Plain);
        }
        catch (FormatException damage)
        {
            Fail($"{LegacyField.Names[field]} cannot be read: {damage.Message}");
        }

        return json.WrittenMemory;
    }

    public static string Shown(string? text)
    {
        var json = new ArrayBufferWriter<byte>();
        BsonJson.WriteText(json, text is { Length: > LongestShown } ? text.AsSpan(0, LongestShown) : text);

        return Encoding.UTF8.GetString(json.WrittenSpan) + (text is { Length: > LongestShown } ? "…" : "");
    }

    private readonly ReadOnlySpan<byte> TextOf(int field)
    {
        try
        {
            return BsonElements.Text(Value(field));
        }
        catch (FormatException damage)
        {
            throw new FormatException($"{LegacyField.Names[field]}: {damage.Message}", damage);
        }
    }

    private static bool TryReadDate(long milliseconds, out DateTimeOffset time)
    {
        var isInRange =
            milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        time = isInRange ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return isInRange;
    }

    private static bool Is(long value, out long number)
    {
        number = value;
        return true;
    }

    private readonly bool IsNull(int field) => !Has(field) || Type(field) == BsonType.Null;

    private readonly double Number(int field) =>
        Type(field) switch
        {
            BsonType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Value(field)),
            BsonType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Value(field)),
            _ => BinaryPrimitives.ReadDoubleLittleEndian(Value(field)),
        };

    private readonly string Shown(int field)
    {
        var value = Value(field);
        return (int)Type(field) switch
        {
            (int)BsonType.String => Shown(BsonElements.ToText(BsonElements.Text(value))),
            (int)BsonType.Boolean => (value[0] != 0 ? "true" : "false") + " (Boolean)",
            (int)BsonType.Int32 or (int)BsonType.Int64 => (
                Type(field) == BsonType.Int32
                    ? BinaryPrimitives.ReadInt32LittleEndian(value)
                    : BinaryPrimitives.ReadInt64LittleEndian(value)
            ).ToString(CultureInfo.InvariantCulture) + $" ({Type(field)})",
            (int)BsonType.Double => $"{Number(field).ToString("R", CultureInfo.InvariantCulture)} (Double)",
            (int)BsonType.ObjectId => $"{Convert.ToHexStringLower(value)} (ObjectId)",
            (int)BsonType.DateTime => $"{BinaryPrimitives.ReadInt64LittleEndian(value)} ms (DateTime)",
            BsonTypes.DbPointer => "of the type DBPointer",
            _ => $"of the type {Type(field)}",
        };
    }

    private T Fail<T>(string fault)
    {
        Fail(fault);
        return default!;
    }

    private void Fail(string fault) => Fault ??= fault;

    private readonly record struct Slot(BsonType Type, int Start, int Length, bool IsThere);

    [InlineArray(LegacyField.Count)]
    private struct Slots
    {
        private Slot _first;
    }
}
