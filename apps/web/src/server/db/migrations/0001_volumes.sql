CREATE TABLE `volumes` (
	`host_id` text NOT NULL,
	`name` text NOT NULL,
	`driver` text NOT NULL,
	`mountpoint` text NOT NULL,
	`labels` text NOT NULL,
	`options` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`host_id`, `name`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
