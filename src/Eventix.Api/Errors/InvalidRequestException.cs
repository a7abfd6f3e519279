namespace Eventix.Api.Errors;

/// <summary>The request has the wrong shape: answered as 422 with every error that was found.</summary>
internal sealed class InvalidRequestException(IReadOnlyList<FieldError> errors) : Exception("The request has the wrong shape.")
{
    public InvalidRequestException(FieldError error)
        : this([error]) { }

    public IReadOnlyList<FieldError> Errors { get; } = errors;
}
