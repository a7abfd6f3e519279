using System.Reflection;
using System.Text.Json;

namespace Eventix.Application.Workers;

/// <summary>The parameters of a message's constructor as the arguments of a task, in both directions.</summary>
internal sealed class TaskArguments
{
    private readonly string _task;
    private readonly ConstructorInvoker _constructor;
    private readonly Parameter[] _parameters;
    private readonly Dictionary<string, int> _byName;

    /// <exception cref="InvalidOperationException">The type cannot be bound; the message names it and says why.</exception>
    public TaskArguments(string task, Type message)
    {
        var constructors = message.GetConstructors();
        if (constructors.Length != 1)
            throw new InvalidOperationException(
                $"{message} is the task '{task}' and needs exactly one public constructor; it has {constructors.Length}."
            );

        var nullability = new NullabilityInfoContext();
        _task = task;
        _constructor = ConstructorInvoker.Create(constructors[0]);
        _parameters =
        [
            .. constructors[0]
                .GetParameters()
                .Select(parameter => new Parameter(parameter, Property(task, message, parameter), nullability)),
        ];
        _byName = _parameters.Index().Where(item => !item.Item.IsRaw).ToDictionary(item => item.Item.Name, item => item.Index);
        TakesRawArgs = Array.Exists(_parameters, parameter => parameter.Type == typeof(RawArgs));
        TakesRawKwargs = Array.Exists(_parameters, parameter => parameter.Type == typeof(RawKwargs));
    }

    private bool TakesRawArgs { get; }

    private bool TakesRawKwargs { get; }

    /// <summary>Makes the message. Like a Python call: args by position, kwargs by name, defaults for the rest.</summary>
    /// <exception cref="TaskArgumentException">An argument is missing, unknown, given twice or of a wrong type.</exception>
    public object Bind(ReadOnlyMemory<byte> args, ReadOnlyMemory<byte> kwargs)
    {
        var values = new object?[_parameters.Length];
        var given = new bool[_parameters.Length];

        if (!TakesRawArgs)
            BindArgs(args, values, given);
        if (!TakesRawKwargs)
            BindKwargs(kwargs, values, given);

        for (var index = 0; index < _parameters.Length; index++)
        {
            var parameter = _parameters[index];
            if (given[index])
                continue;

            values[index] = parameter switch
            {
                _ when parameter.Type == typeof(RawArgs) => new RawArgs(args),
                _ when parameter.Type == typeof(RawKwargs) => new RawKwargs(kwargs),
                { HasDefault: true } => parameter.Default,
                _ => throw new TaskArgumentException($"{_task}() misses the argument '{parameter.Name}'"),
            };
        }

        return _constructor.Invoke(values.AsSpan());
    }

    /// <summary>What to post so that <see cref="Bind"/> makes <paramref name="message"/> again.</summary>
    public (ReadOnlyMemory<byte> Args, ReadOnlyMemory<byte> Kwargs) Unbind(object message)
    {
        ReadOnlyMemory<byte> args = "[]"u8.ToArray();
        ReadOnlyMemory<byte>? rawKwargs = null;
        var kwargs = new Dictionary<string, JsonElement>();

        foreach (var parameter in _parameters)
        {
            var value = parameter.Property.GetValue(message);
            if (value is RawArgs raw)
                args = raw.Utf8;
            else if (value is RawKwargs rawNames)
                rawKwargs = rawNames.Utf8;
            else
                kwargs[parameter.Name] = JsonSerializer.SerializeToElement(value, parameter.Type, TaskJson.Options);
        }

        return (args, rawKwargs ?? JsonSerializer.SerializeToUtf8Bytes(kwargs, TaskJson.Options));
    }

    private void BindArgs(ReadOnlyMemory<byte> args, object?[] values, bool[] given)
    {
        using var document = JsonDocument.Parse(args, TaskJson.DocumentOptions);

        var positional = _byName.Values.Order().ToArray();
        var count = document.RootElement.GetArrayLength();
        if (count > positional.Length)
            throw new TaskArgumentException($"{_task}() takes at most {positional.Length} positional arguments, {count} were given");

        foreach (var (position, value) in document.RootElement.EnumerateArray().Index())
        {
            var index = positional[position];
            values[index] = Read(_parameters[index], value);
            given[index] = true;
        }
    }

    private void BindKwargs(ReadOnlyMemory<byte> kwargs, object?[] values, bool[] given)
    {
        using var document = JsonDocument.Parse(kwargs, TaskJson.DocumentOptions);
        var named = new HashSet<int>();

        foreach (var kwarg in document.RootElement.EnumerateObject())
        {
            if (!_byName.TryGetValue(kwarg.Name, out var index))
                throw new TaskArgumentException($"{_task}() has no argument '{kwarg.Name}'; it takes {Names()}");

            // A name twice in the object is legal JSON, and the last one counts; a name that a position has taken is a mistake.
            if (given[index] && !named.Contains(index))
                throw new TaskArgumentException($"{_task}() got the argument '{kwarg.Name}' twice, by position and by name");

            values[index] = Read(_parameters[index], kwarg.Value);
            given[index] = true;
            named.Add(index);
        }
    }

    private object? Read(Parameter parameter, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null && !parameter.IsNullable)
            throw new TaskArgumentException($"{_task}() wants {parameter.TypeName} as '{parameter.Name}', not null");

        try
        {
            return value.Deserialize(parameter.Type, TaskJson.Options);
        }
        catch (Exception mismatch) when (mismatch is JsonException or NotSupportedException or FormatException or InvalidOperationException)
        {
            throw new TaskArgumentException($"{_task}() wants {parameter.TypeName} as '{parameter.Name}', not {Kind(value)}");
        }
    }

    private string Names() => _byName.Count == 0 ? "none" : string.Join(", ", _byName.Keys.Select(name => $"'{name}'"));

    private static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => $"the number {value.GetRawText()}",
            _ => "a boolean",
        };

    private static PropertyInfo Property(string task, Type message, ParameterInfo parameter) =>
        message.GetProperty(parameter.Name!, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)
        ?? throw new InvalidOperationException(
            $"{message} is the task '{task}', and its parameter '{parameter.Name}' has no property of that name: make it a record."
        );

    private sealed class Parameter(ParameterInfo parameter, PropertyInfo property, NullabilityInfoContext nullability)
    {
        public string Name { get; } = TaskJson.WireName(parameter.Name!);

        public Type Type { get; } = parameter.ParameterType;

        public PropertyInfo Property { get; } = property;

        public bool IsRaw { get; } = parameter.ParameterType == typeof(RawArgs) || parameter.ParameterType == typeof(RawKwargs);

        public bool HasDefault { get; } = parameter.HasDefaultValue;

        // The default of a value type (`= default`) is given as null.
        public object? Default { get; } =
            parameter.HasDefaultValue && parameter.DefaultValue is null && parameter.ParameterType.IsValueType
                ? Activator.CreateInstance(parameter.ParameterType)
                : parameter.DefaultValue;

        public bool IsNullable { get; } = nullability.Create(parameter).WriteState != NullabilityState.NotNull;

        public string TypeName { get; } = Describe(Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType);

        private static string Describe(Type type) =>
            Type.GetTypeCode(type) switch
            {
                _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
                TypeCode.String or TypeCode.Char => "a string",
                TypeCode.Boolean => "a boolean",
                TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
                TypeCode.DateTime => "a date",
                >= TypeCode.SByte and <= TypeCode.UInt64 => "an integer",
                _ => type.Name,
            };
    }
}
