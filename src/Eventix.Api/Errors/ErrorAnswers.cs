using System.Data.Common;
using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Domain;
using FluentValidation;
using Microsoft.AspNetCore.WebUtilities;

namespace Eventix.Api.Errors;

/// <summary>The shapes of error answers. Clients rebuild exceptions from the first one, so its payload has exactly the named keys.</summary>
internal static class ErrorAnswers
{
    private static readonly JsonEncodedText ErrorClass = JsonEncodedText.Encode("error_class");
    private static readonly JsonEncodedText ErrorMessage = JsonEncodedText.Encode("error_message");
    private static readonly JsonEncodedText ErrorTraceback = JsonEncodedText.Encode("error_traceback");

    // How long a client should leave a database alone that is starting or restarting.
    private const string RetryAfterSeconds = "2";

    private static readonly (string Class, string Message) Unavailable = ("ServiceUnavailable", "The database cannot be reached");
    private static readonly (string Class, string Message) Unexpected = ("InternalServerError", "Internal Server Error");

    /// <summary>A broken rule: a flat object.</summary>
    public static Task WriteAsync(HttpResponse response, DomainException error) =>
        JsonAnswer.WriteAsync(response, StatusOf(error), error, Write);

    /// <summary>Input of the wrong shape: a list of what is wrong.</summary>
    public static Task WriteAsync(HttpResponse response, IReadOnlyList<FieldError> errors) =>
        JsonAnswer.WriteAsync(response, StatusCodes.Status422UnprocessableEntity, errors, Write);

    /// <summary>The same answer as a member of another one: what became of one item of many, with the status that it would have had alone.</summary>
    public static void WriteItem(Utf8JsonWriter writer, Exception error)
    {
        switch (error)
        {
            case InvalidRequestException invalid:
                WriteItem(writer, StatusCodes.Status422UnprocessableEntity, invalid.Errors, Write);
                break;
            case ValidationException invalid:
                WriteItem(writer, StatusCodes.Status422UnprocessableEntity, invalid.ToFieldErrors(static _ => "body"), Write);
                break;
            case DomainException rule:
                WriteItem(writer, StatusOf(rule), rule, Write);
                break;
            case var _ when IsUnavailable(error):
                WriteItem(writer, StatusCodes.Status503ServiceUnavailable, Unavailable, WriteUnexpected);
                break;
            default:
                WriteItem(writer, StatusCodes.Status500InternalServerError, Unexpected, WriteUnexpected);
                break;
        }
    }

    /// <summary>What was refused before any route was asked: one line.</summary>
    public static Task WriteDetailAsync(HttpResponse response, int status) =>
        JsonAnswer.WriteAsync(
            response,
            status,
            // The names of upstream's framework, which are those of RFC 2616 in title case, as .NET has them.
            ReasonPhrases.GetReasonPhrase(status),
            static (writer, detail) =>
            {
                writer.WriteStartObject();
                writer.WriteString("detail"u8, detail);
                writer.WriteEndObject();
            }
        );

    /// <summary>The database cannot be asked right now.</summary>
    public static Task WriteUnavailableAsync(HttpResponse response)
    {
        response.Headers.RetryAfter = RetryAfterSeconds;
        return JsonAnswer.WriteAsync(response, StatusCodes.Status503ServiceUnavailable, Unavailable, WriteUnexpected);
    }

    /// <summary>Anything else. It says nothing of the inside; the log does.</summary>
    public static Task WriteUnexpectedAsync(HttpResponse response) =>
        JsonAnswer.WriteAsync(response, StatusCodes.Status500InternalServerError, Unexpected, WriteUnexpected);

    /// <summary>What a validator of the application found, told in the names of the wire.</summary>
    public static IReadOnlyList<FieldError> ToFieldErrors(this ValidationException invalid, HttpContext http) =>
        invalid.ToFieldErrors(field => WhereFrom(http, field));

    private static IReadOnlyList<FieldError> ToFieldErrors(this ValidationException invalid, Func<string, string> where) =>
        [
            .. invalid.Errors.Select(error =>
            {
                var field = WireName(error.PropertyName);
                return FieldError.Value(where(field), field, error.ErrorMessage, error.AttemptedValue);
            }),
        ];

    /// <summary>Whether the database could not be asked, so that the same request may succeed a little later.</summary>
    public static bool IsUnavailable(Exception exception) =>
        exception switch
        {
            // No state: the connection failed, or the pool was empty for too long. 08, 53, 57: connection lost, out of resources, shut down.
            DbException { SqlState: null } or DbException { IsTransient: true } => true,
            DbException { SqlState: { } state } => state[..2] is "08" or "53" or "57",
            TimeoutException => true,
            _ => exception.InnerException is { } inner && IsUnavailable(inner),
        };

    private static void WriteItem<T>(Utf8JsonWriter writer, int status, T error, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartObject();
        writer.WriteNumber("status"u8, status);
        writer.WritePropertyName("error"u8);
        write(writer, error);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, DomainException error)
    {
        writer.WriteStartObject();
        writer.WriteText(ErrorClass, error.Code);
        writer.WriteText(ErrorMessage, error.Message);
        writer.WriteNumber("error_status_code"u8, StatusOf(error));
        writer.WriteString(ErrorTraceback, "");
        writer.WriteStartObject("error_payload"u8);
        foreach (var (key, value) in error.Payload)
        {
            writer.WritePropertyName(key);
            writer.WriteText(value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<FieldError> errors)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("detail"u8);
        foreach (var error in errors)
            error.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteUnexpected(Utf8JsonWriter writer, (string Class, string Message) error)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("detail"u8);
        writer.WriteString(ErrorClass, error.Class);
        writer.WriteString(ErrorMessage, error.Message);
        writer.WriteString(ErrorTraceback, "");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static int StatusOf(DomainException error) =>
        error.Code switch
        {
            DomainErrors.NotFound or DomainErrors.NoTaskFoundForUniqueKey => StatusCodes.Status404NotFound,
            DomainErrors.WrongTaskStatus => StatusCodes.Status422UnprocessableEntity,
            _ => StatusCodes.Status409Conflict,
        };

    private static string WhereFrom(HttpContext http, string field) =>
        http.Request.RouteValues.ContainsKey(field) ? "path"
        : HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsDelete(http.Request.Method) ? "query"
        : "body";

    // The last member of a path such as `Task.CreatedAt`.
    // The last part of the path to the property, without the place in a list.
    private static string WireName(string property) =>
        property[(property.LastIndexOf('.') + 1)..].Split('[')[0] switch
        {
            "CreatedAt" => "created_time",
            "TaskNames" => "tasks",
            var name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name),
        };
}
