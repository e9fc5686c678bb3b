"""The big screen: what passed disclosure control and how many records arrived, read without Spark."""
