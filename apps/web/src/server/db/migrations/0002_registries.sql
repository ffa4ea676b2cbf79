CREATE TABLE `registries` (
	`host` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`sealed_password` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `images` ADD `repo_digests` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `images` ADD `labels` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `images` ADD `shared_bytes` integer DEFAULT -1 NOT NULL;