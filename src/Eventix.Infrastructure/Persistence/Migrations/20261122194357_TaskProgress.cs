using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class TaskProgress : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<short>(
                name: "progress",
                table: "eventix_task",
                type: "smallint",
                nullable: true)
                .Annotation("Relational:ColumnOrder", 32);

            migrationBuilder.AddColumn<string>(
                name: "progress_message",
                table: "eventix_task",
                type: "text",
                nullable: true)
                .Annotation("Relational:ColumnOrder", 33);

            migrationBuilder.AddCheckConstraint(
                name: "ck_eventix_task_progress",
                table: "eventix_task",
                sql: "progress BETWEEN 0 AND 100");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_eventix_task_progress",
                table: "eventix_task");

            migrationBuilder.DropColumn(
                name: "progress",
                table: "eventix_task");

            migrationBuilder.DropColumn(
                name: "progress_message",
                table: "eventix_task");
        }
    }
}
