using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Infrastructure.Tests.Migration;

[EventixTask("send_shipment_announcement_email")]
public sealed record SendShipmentAnnouncementEmail(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

[EventixTask("rebuild_index")]
public sealed record RebuildIndex(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

[EventixTask("export_orders")]
public sealed record ExportOrders(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

[EventixTask("resize_image")]
public sealed record ResizeImage(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

[EventixTask("sync_stock")]
public sealed record SyncStock(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

[EventixTask("render_product")]
public sealed record RenderProduct(RawArgs Args, RawKwargs Kwargs) : IEventixTask<RawKwargs>;

/// <summary>Runs every task name of the dump: answers its kwargs.</summary>
internal sealed class LegacyTasksHandler
    : IRequestHandler<SendShipmentAnnouncementEmail, RawKwargs>,
        IRequestHandler<RebuildIndex, RawKwargs>,
        IRequestHandler<ExportOrders, RawKwargs>,
        IRequestHandler<ResizeImage, RawKwargs>,
        IRequestHandler<SyncStock, RawKwargs>,
        IRequestHandler<RenderProduct, RawKwargs>
{
    public Task<RawKwargs> Handle(SendShipmentAnnouncementEmail message, CancellationToken cancellationToken) =>
        Task.FromResult(message.Kwargs);

    public Task<RawKwargs> Handle(RebuildIndex message, CancellationToken cancellationToken) => Task.FromResult(message.Kwargs);

    public Task<RawKwargs> Handle(ExportOrders message, CancellationToken cancellationToken) => Task.FromResult(message.Kwargs);

    public Task<RawKwargs> Handle(ResizeImage message, CancellationToken cancellationToken) => Task.FromResult(message.Kwargs);

    public Task<RawKwargs> Handle(SyncStock message, CancellationToken cancellationToken) => Task.FromResult(message.Kwargs);

    public Task<RawKwargs> Handle(RenderProduct message, CancellationToken cancellationToken) => Task.FromResult(message.Kwargs);
}
