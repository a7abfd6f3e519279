using System.Globalization;
using System.Text.Json;
using Eventix.Api.Errors;
using Eventix.Application.Tasks;

namespace Eventix.Api.Http;

/// <summary>
/// The top level of a JSON object: one pass finds where each known field stands (of duplicates the last), then the fields are read in the
/// order of the model, with the lax coercions of pydantic. What is wrong is collected in that order; <see cref="ThrowIfInvalid"/> ends the
/// reading. A field that could not be read answers null or the default of its type meanwhile.
/// </summary>
internal sealed class BodyFields
{
    // Deep enough for any data, and far from where recursion hurts somebody: PostgreSQL parses JSON recursively too.
    public const int MaxDepth = 512;

    private readonly JsonBody _body;
    private readonly FieldNames _names;
    private readonly Slot[] _slots;
    private readonly ReadOnlyMemory<byte> _whole;
    private List<FieldError>? _errors;

    /// <exception cref="InvalidRequestException">The body is no JSON, or no object.</exception>
    public BodyFields(JsonBody body, FieldNames names)
    {
        _body = body;
        _names = names;
        _slots = new Slot[names.Count];
        try
        {
            _whole = FindFields();
        }
        catch (JsonException broken)
        {
            throw new InvalidRequestException(JsonBody.Broken(body.Utf8.Span, broken));
        }
    }

    /// <summary>Whether the field was sent, be it as null.</summary>
    public bool Has(int field) => _slots[field].Kind != JsonTokenType.None;

    /// <summary>Text; null when absent or null.</summary>
    public string? Text(int field)
    {
        if (IsNull(field))
            return null;
        if (_slots[field].Kind != JsonTokenType.String)
            return Refuse<string?>(field, "string_type", "Input should be a valid string");

        return WireText.Unescape(Inside(field))
            ?? Refuse<string?>(field, "string_unicode", "Input should be a valid string, unable to parse raw data as a unicode string");
    }

    /// <summary>Text that must be there and not null.</summary>
    public string RequiredText(int field)
    {
        if (!Has(field))
            Add(FieldError.Missing("body", _names[field], FieldError.Echo(_whole)));
        else if (_slots[field].Kind == JsonTokenType.Null)
            Refuse<string?>(field, "string_type", "Input should be a valid string");

        return Text(field) ?? "";
    }

    /// <summary>One of a few words; null when absent or null.</summary>
    /// <param name="expected">The words as pydantic lists them: `'a', 'b' or 'c'`.</param>
    public T? Word<T>(int field, Func<string, T?> parse, string expected)
        where T : struct
    {
        if (IsNull(field))
            return null;

        var text = _slots[field].Kind == JsonTokenType.String ? WireText.Unescape(Inside(field)) : null;
        var word = text is null ? null : parse(text);

        return word ?? Refuse<T?>(field, "enum", $"Input should be {expected}", ("expected", expected));
    }

    /// <summary>A whole number of 32 bits; null when absent or null. Also from text, from a float without a fraction and from a bool.</summary>
    public int? Int(int field)
    {
        if (IsNull(field))
            return null;

        switch (_slots[field].Kind)
        {
            case JsonTokenType.True:
                return 1;
            case JsonTokenType.False:
                return 0;
            case JsonTokenType.Number:
                return IntOf(field, Raw(field).Span);
            case JsonTokenType.String:
                var text = WireText.Unescape(Inside(field));
                return text is not null && LaxInput.TryReadDigits(text, out var digits)
                    ? InRange(field, digits)
                    : Refuse<int?>(field, "int_parsing", "Input should be a valid integer, unable to parse string as an integer");
            default:
                return Refuse<int?>(field, "int_type", "Input should be a valid integer");
        }
    }

    /// <summary>A whole number of 32 bits from 0 on; null when absent or null.</summary>
    public int? Size(int field) =>
        Int(field) is not < 0 and var number
            ? number
            : Refuse<int?>(field, "greater_than_equal", "Input should be greater than or equal to 0", ("ge", "0"));

    /// <summary>A whole number of 32 bits; null when absent, refused when null.</summary>
    public int? NonNullInt(int field) =>
        IsExplicitNull(field) ? Refuse<int?>(field, "int_type", "Input should be a valid integer") : Int(field);

    /// <summary>A whole number within bounds; null when absent or null.</summary>
    public int? IntBetween(int field, int min, int max)
    {
        if (Int(field) is not { } number)
            return null;

        return number < min ? Refuse<int?>(field, "greater_than_equal", $"Input should be greater than or equal to {min}", Bound("ge", min))
            : number > max ? Refuse<int?>(field, "less_than_equal", $"Input should be less than or equal to {max}", Bound("le", max))
            : number;
    }

    /// <summary>An array of texts, of at least one and at most <paramref name="most"/>; null when absent or null.</summary>
    public IReadOnlyList<string>? Texts(int field, int most)
    {
        if (Array(field) is not { } array)
            return null;

        var texts = new List<string>();
        var reader = new Utf8JsonReader(array.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            var start = (int)reader.TokenStartIndex;
            var isText = reader.TokenType == JsonTokenType.String;
            reader.Skip();
            var item = array[start..(int)reader.BytesConsumed];
            if (isText && WireText.Unescape(item.Span[1..^1]) is { } text)
                texts.Add(text);
            else
                Add(new FieldError("string_type", "body", _names[field], "Input should be a valid string", FieldError.Echo(item), index));
        }

        if (texts.Count == 0)
            Refuse<string?>(field, "too_short", "List should have at least 1 item after validation, not 0", Bound("min_length", 1));
        else if (texts.Count > most)
            Refuse<string?>(field, "too_long", $"List should have at most {most} items after validation", Bound("max_length", most));

        return texts;
    }

    /// <summary>The same, but it must be there and not null.</summary>
    public IReadOnlyList<string> RequiredTexts(int field, int most)
    {
        if (IsNull(field))
            RequiredArray(field);

        return Texts(field, most) ?? [];
    }

    /// <summary>A bool, also from 0, 1 and the words for yes and no; null when absent, refused when null.</summary>
    public bool? NonNullBool(int field)
    {
        const string NotUnderstood = "Input should be a valid boolean, unable to interpret input";

        if (!Has(field))
            return null;

        switch (_slots[field].Kind)
        {
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.String:
                return WireText.Unescape(Inside(field)) is { } word && LaxInput.ReadBool(word) is { } meant
                    ? meant
                    : Refuse<bool?>(field, "bool_parsing", NotUnderstood);
            case JsonTokenType.Number:
                return double.Parse(Raw(field).Span, NumberStyles.Float, CultureInfo.InvariantCulture) switch
                {
                    0 => false,
                    1 => true,
                    var number when double.IsInteger(number) => Refuse<bool?>(field, "bool_parsing", NotUnderstood),
                    _ => Refuse<bool?>(field, "bool_type", "Input should be a valid boolean"),
                };
            default:
                return Refuse<bool?>(field, "bool_type", "Input should be a valid boolean");
        }
    }

    /// <summary>A point in time in any form of <see cref="LaxInput"/>; null when absent or null.</summary>
    public DateTimeOffset? Time(int field)
    {
        if (IsNull(field))
            return null;

        string problem;
        switch (_slots[field].Kind)
        {
            case JsonTokenType.String:
                var inside = Inside(field);
                var text = inside.Contains((byte)'\\') ? System.Text.Encoding.UTF8.GetBytes(WireText.Unescape(inside) ?? "?") : inside;
                if (LaxInput.TryReadTime(text, out var time, out problem))
                    return time;
                return Refuse<DateTimeOffset?>(
                    field,
                    "datetime_from_date_parsing",
                    $"Input should be a valid datetime or date, {problem}",
                    ("error", problem)
                );
            case JsonTokenType.Number:
                var number = double.Parse(Raw(field).Span, NumberStyles.Float, CultureInfo.InvariantCulture);
                if (LaxInput.TryReadTime(number, out time, out problem))
                    return time;
                return Refuse<DateTimeOffset?>(
                    field,
                    "datetime_parsing",
                    $"Input should be a valid datetime, {problem}",
                    ("error", problem)
                );
            default:
                return Refuse<DateTimeOffset?>(field, "datetime_type", "Input should be a valid datetime");
        }
    }

    /// <summary>A JSON array as it was sent; null when absent or null.</summary>
    public ReadOnlyMemory<byte>? Array(int field) =>
        IsNull(field) ? null
        : _slots[field].Kind == JsonTokenType.StartArray ? Raw(field)
        : Refuse<ReadOnlyMemory<byte>?>(field, "list_type", "Input should be a valid list");

    /// <summary>A JSON array that must be there and not null.</summary>
    public ReadOnlyMemory<byte> RequiredArray(int field)
    {
        if (!Has(field))
            Add(FieldError.Missing("body", _names[field], FieldError.Echo(_whole)));
        else if (_slots[field].Kind == JsonTokenType.Null)
            Refuse<string?>(field, "list_type", "Input should be a valid list");

        return Array(field) ?? default;
    }

    /// <summary>A JSON object as it was sent; null when absent or null.</summary>
    public ReadOnlyMemory<byte>? Object(int field) =>
        IsNull(field) ? null
        : _slots[field].Kind == JsonTokenType.StartObject ? Raw(field)
        : Refuse<ReadOnlyMemory<byte>?>(field, "dict_type", "Input should be a valid dictionary");

    /// <summary>Any JSON value as it was sent; null when absent, null or not a finite number.</summary>
    public ReadOnlyMemory<byte>? Any(int field)
    {
        // Not a conditional expression: its null would become an empty memory.
        if (!Has(field) || _slots[field].Kind == JsonTokenType.Null)
            return null;

        return Raw(field);
    }

    /// <summary>Notes that a field breaks a rule of its own.</summary>
    public void RefuseValue(int field, string message) => Refuse<object?>(field, "value_error", $"Value error, {message}");

    /// <exception cref="InvalidRequestException">Something was wrong.</exception>
    public void ThrowIfInvalid()
    {
        if (_errors is not null)
            throw new InvalidRequestException(_errors);
    }

    private ReadOnlyMemory<byte> FindFields()
    {
        var reader = new Utf8JsonReader(_body.Utf8.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        var (kind, start) = (reader.TokenType, (int)reader.TokenStartIndex);

        if (kind == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var field = Find(ref reader);
                reader.Read();
                var slot = new Slot(reader.TokenType, (int)reader.TokenStartIndex, 0);
                reader.Skip();
                if (field >= 0)
                    _slots[field] = slot with { Length = (int)reader.BytesConsumed - slot.Start };
            }
        }
        else
        {
            reader.Skip();
        }

        var whole = _body.Utf8[start..(int)reader.BytesConsumed];
        reader.Read();

        return kind switch
        {
            JsonTokenType.StartObject => whole,
            JsonTokenType.Null => throw new InvalidRequestException(FieldError.Missing("body", field: null)),
            _ => throw new InvalidRequestException(JsonBody.NotAnObject(FieldError.Echo(whole))),
        };
    }

    private int Find(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return _names.Find(reader.ValueSpan);

        return WireText.Unescape(reader.ValueSpan) is { } name ? _names.Find(System.Text.Encoding.UTF8.GetBytes(name)) : -1;
    }

    private bool IsNull(int field) => !Has(field) || IsExplicitNull(field);

    // What was NaN reads null for a value that is only kept, but is no value for a field that has a type.
    private bool IsExplicitNull(int field) =>
        _slots[field].Kind == JsonTokenType.Null && _body.NonFinite?.Contains(_slots[field].Start) is not true;

    private ReadOnlyMemory<byte> Raw(int field) => _body.Utf8.Slice(_slots[field].Start, _slots[field].Length);

    private ReadOnlySpan<byte> Inside(int field) => Raw(field).Span[1..^1];

    private int? IntOf(int field, ReadOnlySpan<byte> number)
    {
        if (!number.ContainsAny((byte)'.', (byte)'e', (byte)'E'))
            return InRange(field, System.Text.Encoding.ASCII.GetString(number));

        var value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            return Refuse<int?>(field, "finite_number", "Input should be a finite number");
        if (!double.IsInteger(value))
            return Refuse<int?>(field, "int_from_float", "Input should be a valid integer, got a number with a fractional part");

        return InRange(field, value.ToString("F0", CultureInfo.InvariantCulture));
    }

    // An optional sign and digits, of any length.
    private int? InRange(int field, string digits)
    {
        if (int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return value;

        return digits[0] == '-'
            ? Refuse<int?>(
                field,
                "greater_than_equal",
                $"Input should be greater than or equal to {int.MinValue}",
                Bound("ge", int.MinValue)
            )
            : Refuse<int?>(field, "less_than_equal", $"Input should be less than or equal to {int.MaxValue}", Bound("le", int.MaxValue));
    }

    private static (string, string) Bound(string name, int value) => (name, value.ToString(CultureInfo.InvariantCulture));

    private T? Refuse<T>(int field, string type, string message, (string Key, string Value)? context = null)
    {
        var slot = _slots[field];
        var isNonFinite = slot.Kind == JsonTokenType.Null && !IsExplicitNull(field);
        if (isNonFinite && type == "int_type")
            (type, message) = ("finite_number", "Input should be a finite number");

        Add(new FieldError(type, "body", _names[field], message, FieldError.Echo(Raw(field)), Context: context));
        return default;
    }

    private void Add(FieldError error) => (_errors ??= []).Add(error);

    private readonly record struct Slot(JsonTokenType Kind, int Start, int Length);
}
