using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class NarrowListIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_claim",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_leased",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_listed",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_claim",
                table: "eventix_task",
                columns: new[] { "namespace", "priority", "eta", "id" },
                filter: "status IN ('scheduled', 'retry') AND worker_id IS NULL")
                .Annotation("Npgsql:IndexInclude", new[] { "status" });

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_failed",
                table: "eventix_task",
                columns: new[] { "namespace", "id" },
                filter: "status = 'error'");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_held",
                table: "eventix_task",
                columns: new[] { "namespace", "id" },
                filter: "status IN ('scheduled', 'retry') AND worker_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_named",
                table: "eventix_task",
                column: "claim_id",
                filter: "claim_id IS NOT NULL AND status = 'processing'");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_running",
                table: "eventix_task",
                columns: new[] { "namespace", "id" },
                filter: "status = 'processing'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_claim",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_failed",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_held",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_named",
                table: "eventix_task");

            migrationBuilder.DropIndex(
                name: "ix_eventix_task_running",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_claim",
                table: "eventix_task",
                columns: new[] { "namespace", "priority", "eta", "id" },
                filter: "status IN ('scheduled', 'retry') AND worker_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_leased",
                table: "eventix_task",
                column: "worker_id",
                filter: "status = 'processing' OR (status IN ('scheduled', 'retry') AND worker_id IS NOT NULL)");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_listed",
                table: "eventix_task",
                columns: new[] { "namespace", "status", "id" },
                filter: "status <> 'done'");
        }
    }
}
