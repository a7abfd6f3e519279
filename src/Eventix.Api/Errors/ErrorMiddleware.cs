using Eventix.Domain;
using FluentValidation;

namespace Eventix.Api.Errors;

/// <summary>The one place where exceptions become answers. What is not named here is a bug: logged once, and a bare 500.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client went away; nobody reads an answer. 499 is what access logs of proxies call this.
            if (!http.Response.HasStarted)
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await AnswerAsync(http, exception);
        }
    }

    private Task AnswerAsync(HttpContext http, Exception exception)
    {
        var response = http.Response;
        switch (exception)
        {
            case InvalidRequestException invalid:
                return ErrorAnswers.WriteAsync(response, invalid.Errors);
            case ValidationException invalid:
                return ErrorAnswers.WriteAsync(response, invalid.ToFieldErrors(http));
            case DomainException rule:
                return ErrorAnswers.WriteAsync(response, rule);
            case BadHttpRequestException bad:
                return ErrorAnswers.WriteDetailAsync(response, bad.StatusCode);
        }

        if (ErrorAnswers.IsUnavailable(exception))
        {
            logger.LogWarning(
                "{Method} {Path} could not be answered: {Problem}",
                http.Request.Method,
                http.Request.Path,
                exception.Message
            );
            return ErrorAnswers.WriteUnavailableAsync(response);
        }

        logger.LogError(exception, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
        return ErrorAnswers.WriteUnexpectedAsync(response);
    }
}
